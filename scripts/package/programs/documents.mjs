// Imports the blocks in a list of files, each in its own folder.
import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { pathToFileURL } from 'node:url';

for (const { file, where } of JSON.parse(readFileSync(process.argv[2], 'utf8'))) {
  process.chdir(dirname(file));
  try {
    await import(pathToFileURL(file));
  } catch (cause) {
    throw new Error(where, { cause });
  }
}
