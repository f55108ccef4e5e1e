import type { BackwardResults } from '../backward/results.ts';
import { BACKWARD_FOLDER, NETWORK_FOLDER, readMachineReports, readReports } from '../machines/reports.ts';
import type { NetworkResults } from '../networks/results.ts';
import { writePages } from './pageFile.ts';
import { writePerformanceDocument } from './performance.ts';
import { writeReadmes } from './readme.ts';
import { writeSpeedPictures } from './speedPicture.ts';

/** The pages, docs/performance.md, the tables of the READMEs and the pictures in docs/, from the files of bench/report; returns their paths. */
export function writeDocuments(): string[] {
  const reports = readMachineReports();
  return [
    ...writePages(reports, readReports<NetworkResults>(NETWORK_FOLDER), readReports<BackwardResults>(BACKWARD_FOLDER)),
    writePerformanceDocument(reports),
    ...writeReadmes(reports),
    ...writeSpeedPictures(reports),
  ];
}
