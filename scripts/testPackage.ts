import { rmSync } from 'node:fs';
import { makeFolder, makeProject, pack } from './package/project.ts';
import { checkMissing, checkRuntime, checkTarball, checkTypes, smoke } from './package/quick.ts';
import { Steps } from './package/steps.ts';

// `npm run test:package [-- --full]`: packs the checkout as it is built, installs the tarball into an empty project without scripts
// or a compiler, and uses it there. --full repeats that on other runtimes and machines (docs/packaging.md).
const steps = new Steps();
const folder = makeFolder();
try {
  const packed = pack(folder);
  checkTarball(steps, packed);
  const project = makeProject(folder, packed.tarball);
  checkTypes(steps, project);
  const { digest } = smoke(project, [process.execPath], null);
  checkRuntime(steps, `Node ${process.versions.node}`, project, [process.execPath], digest);
  checkMissing(steps, project);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
if (!steps.finish()) process.exitCode = 1;
