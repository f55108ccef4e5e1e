import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import type * as Binding from '../../binding.d.ts';
import { ownCode } from '../check/errors.ts';
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
    if (ownCode(cause) !== undefined) throw cause;
    throw missingAddonError(packageRoot, cause);
  }
}

/** The native surface; everything that passes here was validated by the caller, and is validated again on the other side. */
export const addon = load();
