import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import type * as Binding from '../binding.d.ts';
import { missingAddonError } from './missingAddon.ts';

// This file lies one level below the package root both as a source (lib/) and compiled (dist/).
const packageRoot = fileURLToPath(new URL('..', import.meta.url));

function load(): typeof Binding {
  const require = createRequire(import.meta.url);
  const nodeGypBuild = require('node-gyp-build') as (root: string) => unknown;
  try {
    return nodeGypBuild(packageRoot) as typeof Binding;
  } catch (cause) {
    // A coded refusal by the binary itself (CONV1D_ISA names what this machine lacks) already says what to do.
    if (cause instanceof Error && 'code' in cause && String(cause.code).startsWith('ERR_CONV1D_')) throw cause;
    throw missingAddonError(packageRoot, cause);
  }
}

/** The native surface; everything that passes here was validated by the caller, and is validated again on the other side. */
export const addon = load();
