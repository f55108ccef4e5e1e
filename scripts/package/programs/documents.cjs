// Requires the blocks in a list of files, each in its own folder. An error whose code the block announces is what it should do.
const { readFileSync } = require('node:fs');
const { dirname } = require('node:path');

async function main() {
  for (const { file, where, codes } of JSON.parse(readFileSync(process.argv[2], 'utf8'))) {
    process.chdir(dirname(file));
    try {
      await require(file);
    } catch (cause) {
      if (!codes.includes(cause.code)) throw new Error(where, { cause });
    }
  }
}
main();
