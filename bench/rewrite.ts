import { writeDocuments } from './documents/all.ts';

// `npm run bench:report`: everything that is written from the files of bench/report again, without measuring.
for (const path of writeDocuments()) console.log(`wrote ${path}`);
