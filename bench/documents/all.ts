import { readMachineReports } from '../machines/reports.ts';
import { writePage } from './pageFile.ts';
import { writePerformanceDocument } from './performance.ts';
import { writeReadmes } from './readme.ts';
import { writeSpeedPictures } from './speedPicture.ts';

/** The page, docs/performance.md, the tables of the READMEs and the pictures in docs/, from the files of bench/report; returns their paths. */
export function writeDocuments(): string[] {
  const reports = readMachineReports();
  return [
    writePage(reports),
    writePerformanceDocument(reports),
    ...writeReadmes(reports),
    ...writeSpeedPictures(reports),
  ];
}
