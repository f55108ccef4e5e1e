import { writePerformanceDocument } from './document.ts';
import { readResults, writeReport } from './report.ts';

// The page and docs/performance.md again, from bench/report/results.json: no measuring.
const results = readResults();
for (const path of [...writeReport(results), writePerformanceDocument(results)]) console.log(`wrote ${path}`);
