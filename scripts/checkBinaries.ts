import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { checkBinary } from './checkBinary.ts';
import { binaryOf, ROOT, requiredTargets } from './targets.ts';

// `npm run check:binaries [-- --here | TARGET...]`: all binaries of a release are there, and those of this machine pass their checks.
// --here asks for what this machine makes only. Runs before every `npm publish`.
const targets = requiredTargets(process.argv.slice(2));
const missing = targets.filter((target) => !existsSync(join(ROOT, binaryOf(target))));
for (const target of missing) console.error(`${binaryOf(target)} is missing`);
for (const target of targets) {
  if (!missing.includes(target)) console.log(`${binaryOf(target)} ${checkBinary(target)}`);
}
if (missing.length > 0) process.exitCode = 1;
