import type * as Addon from '../binding.d.ts';
import type * as Library from '../lib/index.ts';

/** The package as it is published: compiled, not through a TypeScript loader. */
export async function loadLibrary(): Promise<typeof Library> {
  return (await import(new URL('../dist/index.js', import.meta.url).href)) as typeof Library;
}

/** The native surface beneath it. */
export async function loadAddon(): Promise<typeof Addon> {
  const module = (await import(new URL('../dist/native/addon.js', import.meta.url).href)) as { addon: typeof Addon };
  return module.addon;
}
