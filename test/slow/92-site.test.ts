import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CHROMIUM } from '../../scripts/chromium.ts';
import { measureSite, type PageMeasures } from '../../scripts/site/measure.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'conv1d-docs-'));

/** Without a browser it says so, and the tests are skipped; with CONV1D_REQUIRE_ALL=1 they fail. */
function siteIsTestable(): boolean {
  if (process.env.CONV1D_REQUIRE_ALL === '1' || spawnSync(CHROMIUM, ['--version']).error === undefined) return true;
  console.warn(`there is no '${CHROMIUM}': the tests of the site are skipped (Debian: apt-get install chromium)`);
  return false;
}

describe.runIf(siteIsTestable())('the documentation site', () => {
  let phone: PageMeasures[];
  let desktop: PageMeasures[];

  beforeAll(() => {
    execFileSync(process.execPath, [join(ROOT, 'node_modules/typedoc/bin/typedoc'), '--out', folder], { cwd: ROOT });
    const sizes = [
      { width: 390, height: 844 },
      { width: 1280, height: 900 },
    ];
    [phone, desktop] = measureSite(folder, sizes) as [PageMeasures[], PageMeasures[]];
  }, 300_000);

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** The pages at which something is to be said, and what. */
  const findings = (pages: PageMeasures[], of: (page: PageMeasures) => unknown): string[] =>
    pages.map((page) => `${page.page}: ${of(page)}`).filter((line) => !/: 0?$/.test(line));

  test('has a page for each document and each name of the API', () => {
    expect(phone.length).toBeGreaterThan(60);
    expect(phone.map(({ page }) => page)).toContain('functions/API_reference.loadWav.html');
  });

  test('has no page wider than a phone or a desktop window', () => {
    for (const pages of [phone, desktop]) {
      expect(findings(pages, ({ excess }) => excess)).toEqual([]);
      expect(findings(pages, ({ outside }) => outside)).toEqual([]);
    }
  });

  test('breaks no option or name in the middle of a word', () => {
    for (const pages of [phone, desktop]) expect(findings(pages, ({ brokenWords }) => brokenWords)).toEqual([]);
  });

  test('shows at every table and block of code that it goes on to the right', () => {
    for (const pages of [phone, desktop]) expect(findings(pages, ({ withoutCue }) => withoutCue)).toEqual([]);
    expect(phone.reduce((sum, { scrolling }) => sum + scrolling, 0)).toBeGreaterThan(50);
  });

  test('shows the API reference and its groups in the navigation of the landing page', () => {
    const { navigation } = desktop.find(({ page }) => page === 'index.html')!;
    expect(navigation).toEqual(
      expect.arrayContaining(['API reference', 'Layer', 'Tensors', 'Files', 'Threads', 'Errors']),
    );
  });

  test('shows the whole example of the landing page at 1280 pixels', () => {
    expect(desktop.find(({ page }) => page === 'index.html')!.firstExampleFits).toBe(true);
  });
});
