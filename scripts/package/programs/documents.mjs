// Imports the blocks in a list of files, each in its own folder. An error whose code the block announces is what it should do.
import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { pathToFileURL } from 'node:url';

for (const { file, where, codes } of JSON.parse(readFileSync(process.argv[2], 'utf8'))) {
  process.chdir(dirname(file));
  try {
    await import(pathToFileURL(file));
  } catch (cause) {
    if (!codes.includes(cause.code)) throw new Error(where, { cause });
  }
}
