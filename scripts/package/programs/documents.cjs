// Requires the blocks in a list of files, each in its own folder.
const { readFileSync } = require('node:fs');
const { dirname } = require('node:path');

async function main() {
  for (const { file, where } of JSON.parse(readFileSync(process.argv[2], 'utf8'))) {
    process.chdir(dirname(file));
    try {
      await require(file);
    } catch (cause) {
      throw new Error(where, { cause });
    }
  }
}
main();
