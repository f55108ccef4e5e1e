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

/** The native surface; the caller has validated everything that passes here, and the other side validates it again. */
export const addon = load();
