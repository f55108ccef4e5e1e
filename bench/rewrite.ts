import { writePerformanceDocument } from './document.ts';
import { readResults, writeReport } from './report.ts';
import { writeSpeedPicture } from './speedPicture.ts';

// The page, docs/performance.md and docs/speed.svg again, from bench/report/results.json: no measuring.
const results = readResults();
for (const path of [...writeReport(results), writePerformanceDocument(results), writeSpeedPicture(results)])
  console.log(`wrote ${path}`);
