import { writePerformanceDocument } from './document.ts';
import { readResults, writeReport } from './report.ts';
import { writeSpeedPictures } from './speedPicture.ts';

// The page, docs/performance.md and the pictures in docs/ again, from bench/report/results.json: no measuring.
const results = readResults();
for (const path of [...writeReport(results), writePerformanceDocument(results), ...writeSpeedPictures(results)])
  console.log(`wrote ${path}`);
