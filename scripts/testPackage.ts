import { rmSync } from 'node:fs';
import { checkDocuments } from './package/documents.ts';
import { checkEverywhere, checkRuntimes } from './package/full.ts';
import { makeFolder, makeProject, pack } from './package/project.ts';
import { checkMissing, checkRuntime, checkTarball, checkTypes, smoke } from './package/quick.ts';
import { Steps } from './package/steps.ts';

// `npm run test:package [-- --runtimes | --full]`: packs the checkout as it is built, installs the tarball into an empty project
// without scripts or a compiler, and uses it there: types, programs, and every block of the documents. --runtimes repeats the
// programs with every Node, Bun and Deno, --full on other machines too (docs/packaging.md).
const isFull = process.argv.includes('--full');
const steps = new Steps();
const folder = makeFolder();
try {
  const packed = pack(folder);
  checkTarball(steps, packed);
  const project = makeProject(folder, packed.tarball);
  checkTypes(steps, project);
  const { digest } = smoke(project, [process.execPath], null);
  checkRuntime(steps, `Node ${process.versions.node}`, project, [process.execPath], digest);
  checkDocuments(steps, project);
  checkMissing(steps, project);
  if (isFull || process.argv.includes('--runtimes')) checkRuntimes(steps, project, digest);
  if (isFull) checkEverywhere(steps, project, digest);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
if (!steps.finish()) process.exitCode = 1;
