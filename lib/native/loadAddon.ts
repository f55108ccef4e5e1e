import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import type * as Binding from '../../binding.d.ts';
import { isOwnRefusal } from '../check/caught.ts';
import { missingAddonError } from './missingAddon.ts';

function load(): typeof Binding {
  let packageRoot: string | undefined;
  try {
    // This file lies two levels below the package root both as a source (lib/native/) and compiled (dist/native/). In a bundle it lies elsewhere, or
    // does not know where (CommonJS).
    packageRoot = fileURLToPath(new URL('../..', import.meta.url));
    const nodeGypBuild = createRequire(import.meta.url)('node-gyp-build') as (root: string) => unknown;
    return nodeGypBuild(packageRoot) as typeof Binding;
  } catch (cause) {
    // A coded refusal by the binary itself (CONV1D_ISA names what this machine lacks) already says what to do.
    if (isOwnRefusal(cause)) throw cause;
    throw missingAddonError(packageRoot, cause);
  }
}

let loaded: typeof Binding | undefined;

/** The native surface. It is loaded by the first call, so that what only might compute, as the command's `--help`, can be read without it. */
export function loadAddon(): typeof Binding {
  loaded ??= load();
  return loaded;
}
