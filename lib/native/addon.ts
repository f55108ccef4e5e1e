import { loadAddon } from './loadAddon.ts';

/** The native surface; the caller has validated everything that passes here, and the other side validates it again. */
export const addon = loadAddon();
