import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import pc from 'picocolors';
import { CHROMIUM, chromium } from '../scripts/chromium.ts';
import { NETWORK_PAGE_FILE, PAGE_FILE } from './documents/pageFile.ts';

// `screenshot.ts [FOLDER]`: the pages of the report as PNGs, by a headless Chromium (Debian: apt-get install chromium; CHROMIUM names another).

const folder = resolve(process.argv[2] ?? 'build/screenshots');

/** Chromium's numbers for what a page sees as prefers-color-scheme. */
const SCHEME = { dark: 0, light: 1 } as const;

/** Each page, and its height on a desktop and on a phone. */
const PAGES = [
  { prefix: '', page: PAGE_FILE, heights: [13000, 16000] },
  { prefix: 'networks-', page: NETWORK_PAGE_FILE, heights: [6000, 9000] },
] as const;

const SHOTS = PAGES.filter(({ page }) => existsSync(page)).flatMap(({ prefix, page, heights: [tall, taller] }) =>
  (['light', 'dark'] as const).flatMap((scheme) => [
    { name: `${prefix}desktop-${scheme}`, page, width: 1280, height: tall, scheme },
    { name: `${prefix}phone-${scheme}`, page, width: 390, height: taller, scheme },
  ]),
);

const scratch = mkdtempSync(join(tmpdir(), 'conv1d-screenshot-'));
mkdirSync(folder, { recursive: true });
try {
  for (const { name, page, width, height, scheme } of SHOTS) {
    // A window has a least width, wider than a phone; a frame has not.
    const frame = join(scratch, `${name}.html`);
    const source = pathToFileURL(page).href;
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
