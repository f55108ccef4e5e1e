import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium } from '../chromium.ts';

/** What a browser makes of one page of the documentation. */
export interface PageMeasures {
  readonly page: string;
  /** Pixels by which the page is wider than the window. */
  readonly excess: number;
  /** What sticks out of the window and does not lie in a box that scrolls: the tag and the text's beginning. */
  readonly outside: readonly string[];
  /** Words of inline code that begin on one line and end on another. */
  readonly brokenWords: readonly string[];
  /** Tables and blocks of code that have more to their right, and do not show it. */
  readonly withoutCue: readonly string[];
  /** Of these, and of those that show it: how many there are. */
  readonly scrolling: number;
  /** Whether the page's first block of code is readable without scrolling. */
  readonly firstExampleFits: boolean;
  /** The entries of the navigation that lie in the window's first screen. */
  readonly navigation: readonly string[];
}

/** Milliseconds of virtual time, in which waiting costs nothing: far more than all pages take. */
const BUDGET = 600_000;

/** The pixels of a window. */
export interface WindowSize {
  readonly width: number;
  readonly height: number;
}

/** Opens every page of the site in `folder` once, and measures it in windows of each of these sizes. */
export function measureSite(folder: string, sizes: readonly WindowSize[]): PageMeasures[][] {
  const scratch = mkdtempSync(join(tmpdir(), 'conv1d-site-'));
  try {
    const pages = pagesOf(folder).map((page) => ({ page, url: pathToFileURL(join(folder, page)).href }));
    const script = readFileSync(new URL('measureInPage.js', import.meta.url), 'utf8');
    const host = join(scratch, 'host.html');
    // A window has a least width, wider than a phone; a frame has not.
    writeFileSync(
      host,
      `<!doctype html><meta charset="utf-8">
<script type="application/json" id="asked">${JSON.stringify({ pages, sizes })}</script>
<iframe style="border: 0"></iframe>
<script>${script}</script>`,
    );
    // Virtual time stands still while a page loads: a slow machine measures the same.
    const flags = ['--allow-file-access-from-files', `--virtual-time-budget=${BUDGET}`, '--dump-dom'];
    const dom = chromium(join(scratch, 'profile'), [...flags, pathToFileURL(host).href]);
    const result = /<script type="application\/json" id="measures">(.*?)<\/script>/s.exec(dom);
    if (result === null) throw new Error(`chromium measured nothing: ${dom.slice(0, 500)}`);
    return JSON.parse(result[1]!);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

function pagesOf(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.html'))
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).replaceAll('\\', '/'))
    .filter((page) => !page.startsWith('media/'))
    .sort();
}
