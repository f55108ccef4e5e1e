import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import pc from 'picocolors';
import { CHROMIUM, chromium } from '../scripts/chromium.ts';
import { PAGE_FILE } from './documents/pageFile.ts';

// `screenshot.ts [FOLDER]`: the report as PNGs, by a headless Chromium (Debian: apt-get install chromium; CHROMIUM names another).

const folder = resolve(process.argv[2] ?? 'build/screenshots');

/** Chromium's numbers for what a page sees as prefers-color-scheme. */
const SCHEME = { dark: 0, light: 1 } as const;

const SHOTS = [
  { name: 'desktop-light', width: 1280, height: 13000, scheme: 'light' },
  { name: 'desktop-dark', width: 1280, height: 13000, scheme: 'dark' },
  { name: 'phone-light', width: 390, height: 16000, scheme: 'light' },
  { name: 'phone-dark', width: 390, height: 16000, scheme: 'dark' },
] as const;

const scratch = mkdtempSync(join(tmpdir(), 'conv1d-screenshot-'));
mkdirSync(folder, { recursive: true });
try {
  for (const { name, width, height, scheme } of SHOTS) {
    // A window has a least width, wider than a phone; a frame has not.
    const frame = join(scratch, `${name}.html`);
    const source = pathToFileURL(PAGE_FILE).href;
    writeFileSync(
      frame,
      `<!doctype html><body style="margin:0"><iframe src="${source}" style="border:0;display:block;width:${width}px;height:${height}px">`,
    );
    const target = join(folder, `${name}.png`);
    const flags = [`--blink-settings=preferredColorScheme=${SCHEME[scheme]}`, `--window-size=${width},${height}`];
    chromium(join(scratch, name), [...flags, `--screenshot=${target}`, pathToFileURL(frame).href]);
    console.log(`wrote ${relative(process.cwd(), target)}`);
  }
} catch (error) {
  const missing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
  const hint = `there is no '${CHROMIUM}'; install Chromium (Debian: apt-get install chromium) or set CHROMIUM`;
  console.error(`${pc.red('bench:screenshot:')} ${missing ? hint : String(error)}`);
  process.exitCode = 1;
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
