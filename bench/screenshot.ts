import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import pc from 'picocolors';
import { PAGE_FILE } from './report.ts';

// `screenshot.ts [FOLDER]`: the report as PNGs, by a headless Chromium (Debian: apt-get install chromium; CHROMIUM names another).

const folder = resolve(process.argv[2] ?? 'build/screenshots');
const browser = process.env.CHROMIUM ?? 'chromium';

/** Chromium's numbers for what a page sees as prefers-color-scheme. */
const SCHEME = { dark: 0, light: 1 } as const;

const SHOTS = [
  { name: 'desktop-light', width: 1280, height: 9000, scheme: 'light' },
  { name: 'desktop-dark', width: 1280, height: 9000, scheme: 'dark' },
  { name: 'phone-light', width: 390, height: 14400, scheme: 'light' },
  { name: 'phone-dark', width: 390, height: 14400, scheme: 'dark' },
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
    const flags = [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--no-first-run',
      '--disable-sync',
      '--hide-scrollbars',
    ];
    flags.push(
      '--disable-background-networking',
      '--disable-component-update',
      `--user-data-dir=${join(scratch, name)}`,
    );
    flags.push(`--blink-settings=preferredColorScheme=${SCHEME[scheme]}`, `--window-size=${width},${height}`);
    execFileSync(browser, [...flags, `--screenshot=${target}`, pathToFileURL(frame).href], { stdio: 'ignore' });
    console.log(`wrote ${relative(process.cwd(), target)}`);
  }
} catch (error) {
  const missing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
  const hint = `there is no '${browser}'; install Chromium (Debian: apt-get install chromium) or set CHROMIUM`;
  console.error(`${pc.red('bench:screenshot:')} ${missing ? hint : String(error)}`);
  process.exitCode = 1;
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
