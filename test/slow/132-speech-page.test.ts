import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { loadDetector, openDetection } from '../../examples/speech-server/detection.ts';
import { makeSpeechServer, type SpeechServer } from '../../examples/speech-server/server.ts';
import { BrowserPage } from '../../scripts/browser.ts';
import { CHROMIUM } from '../../scripts/chromium.ts';
import { listenOn, SPEECH, WEIGHTS } from '../helpers/speech.ts';

/** Without a browser it says so, and the tests are skipped; with CONV1D_REQUIRE_ALL=1 they fail. */
function pageIsTestable(): boolean {
  if (process.env.CONV1D_REQUIRE_ALL === '1' || spawnSync(CHROMIUM, ['--version']).error === undefined) return true;
  console.warn(`there is no '${CHROMIUM}': the tests of the page are skipped (Debian: apt-get install chromium)`);
  return false;
}

/** What the page has heard, as it says itself. */
interface Heard {
  readonly probabilities: number[];
  readonly segments: { readonly begin: number; readonly end?: number }[];
  readonly sent: number;
  readonly answered: number;
}

/** A microphone that hears the example again and again, and may be used without a question. */
const FLAGS = [
  '--mute-audio',
  '--use-fake-device-for-media-stream',
  '--use-fake-ui-for-media-stream',
  `--use-file-for-fake-audio-capture=${SPEECH}`,
];

const DESKTOP = { width: 1280, height: 900 };
const PHONE = { width: 390, height: 844 };

describe.runIf(pageIsTestable())('the page of the speech server, in a browser', () => {
  const profile = mkdtempSync(join(tmpdir(), 'conv1d-page-'));
  let server: SpeechServer;
  let page: BrowserPage;
  let address: string;

  const click = (id: string) => page.evaluate(`document.getElementById('${id}').click()`);
  const text = (id: string) => page.evaluate<string>(`document.getElementById('${id}').textContent`);
  const state = (name: string) => page.until(`document.getElementById('status').dataset.state === '${name}'`);
  const heard = () => page.evaluate<Heard>(`import('/page.js').then(({ heard }) => heard)`);
  /** Pixels of the picture that have the color of a variable of the style. */
  const pixelsOf = (color: string, part = '0, 0, canvas.width, canvas.height') =>
    page.evaluate<number>(`(() => {
      const canvas = document.getElementById('picture');
      const hex = getComputedStyle(canvas).getPropertyValue('--${color}').trim();
      const wanted = [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16));
      const { data } = canvas.getContext('2d').getImageData(${part});
      let count = 0;
      for (let i = 0; i < data.length; i += 4) {
        if (wanted.every((value, k) => Math.abs(value - data[i + k]) < 3) && data[i + 3] > 250) count++;
      }
      return count;
    })()`);

  beforeAll(async () => {
    server = makeSpeechServer(openDetection(await loadDetector(WEIGHTS), 4));
    address = `http://127.0.0.1:${await listenOn(server)}/`;
    page = await BrowserPage.open(profile, FLAGS);
  }, 120_000);

  beforeEach(async () => {
    await page.look(DESKTOP);
    await page.goTo(address);
    await state('ready');
  });

  afterAll(async () => {
    await page?.close();
    await server?.drain(0);
    rmSync(profile, { recursive: true, force: true });
  });

  test('shows the axes and a hint before anything is heard, whole on a phone as well', async () => {
    for (const size of [DESKTOP, PHONE]) {
      await page.look(size);
      await page.goTo(address);
      await state('ready');
      const [upper, border] = ['0, 0, canvas.width, canvas.height / 2', 'canvas.width - 16, 0, 16, canvas.height / 2'];
      expect(await pixelsOf('line')).toBeGreaterThan(200);
      expect(await pixelsOf('dim', upper)).toBeGreaterThan(50);
      expect(await pixelsOf('dim', border)).toBe(0);
    }
  });

  test('plays the example: the probability rises and falls, and the two sentences are marked', async () => {
    expect([await pixelsOf('speech'), await pixelsOf('curve')]).toEqual([0, 0]);
    await click('example');
    await state('streaming');
    await page.until(`document.getElementById('answered').value === '175'`);
    await state('ready');
    const { probabilities, segments, sent, answered } = await heard();
    expect([sent, answered]).toEqual([175, 175]);
    expect(Math.max(...probabilities)).toBeGreaterThan(0.95);
    expect(Math.min(...probabilities)).toBeLessThan(0.1);
    expect(segments).toHaveLength(2);
    expect(await text('segments')).toMatch(/^0\.00 – 2\.5\d s2\.6\d – 5\.4\d s$/);
    expect(await page.evaluate(`document.getElementById('picture').ariaLabel`)).toMatch(/^5\.6 seconds of sound/);
    await page.until(`document.getElementById('clock').value === '5.6'`);
    for (const [color, least] of [
      ['speech', 3000],
      ['curve', 500],
      ['sound', 0],
    ] as const) {
      expect(await pixelsOf(color)).toBeGreaterThan(least);
    }
    expect(await text('problem')).toBe('');
  });

  test('plays it again at once, and stops it in the middle', async () => {
    await page.evaluate(`document.querySelector('[value=all]').click()`);
    await click('example');
    await page.until(`document.getElementById('answered').value === '175'`);
    await state('ready');
    await page.evaluate(`document.querySelector('[value="1"]').click()`);
    await click('example');
    await page.until(`document.getElementById('answered').value > 20 && document.getElementById('clock').value < 3`);
    await click('example');
    await state('ready');
    const { sent, answered } = await heard();
    expect(answered).toBe(sent);
    expect(sent).toBeLessThan(175);
    expect(await text('example')).toContain('Play the example');
  });

  test('listens to a microphone of another rate, and a click on the other button takes its place', async () => {
    await click('microphone');
    await page.until(`document.getElementById('answered').value > 120`);
    const { probabilities } = await heard();
    expect(Math.max(...probabilities)).toBeGreaterThan(0.9);
    expect(Math.min(...probabilities)).toBeLessThan(0.3);
    await click('example');
    await page.until(`document.getElementById('microphone').dataset.running === 'false'`);
    await page.until(`document.getElementById('answered').value === '175'`);
    await state('ready');
    expect(await text('problem')).toBe('');
  });

  test.each([
    ['a desktop', DESKTOP],
    ['a phone', PHONE],
  ] as const)('fits %s, light and dark', async (_, size) => {
    for (const scheme of ['light', 'dark'] as const) {
      await page.look({ ...size, scheme });
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(size.width);
      const cut = `[...document.querySelectorAll('button, .speed span, h1, output')].filter((each) => each.scrollWidth > each.clientWidth + 1 && each.clientWidth > 0).length`;
      expect(await page.evaluate(cut)).toBe(0);
    }
  });

  test.each([
    ['NotAllowedError', /^The microphone is not allowed\./],
    ['NotFoundError', /^There is no microphone\.$/],
  ] as const)('says what is wrong with a microphone (%s), and goes on', async (name, sentence) => {
    await page.evaluate(
      `navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('Permission denied', '${name}'))`,
    );
    await click('microphone');
    await page.until(`!document.getElementById('problem').hidden`);
    expect(await text('problem')).toMatch(sentence);
    expect(await text('microphone')).toContain('Microphone');
    await click('example');
    await page.until(`document.getElementById('answered').value > 5`);
    expect(await text('problem')).toBe('');
  });

  test('can be stopped while the browser asks for the microphone, and gives it back when it comes', async () => {
    await page.evaluate(`(() => {
      const devices = navigator.mediaDevices;
      const ask = devices.getUserMedia.bind(devices);
      const allowed = new Promise((resolve) => { window.allow = resolve; });
      devices.getUserMedia = async (options) => { await allowed; return window.given = await ask(options); };
    })()`);
    await click('microphone');
    await page.until(`document.getElementById('microphone').dataset.running === 'true'`);
    await click('microphone');
    await page.until(`document.getElementById('microphone').dataset.running === 'false'`);
    await page.evaluate(`window.allow()`);
    await page.until(`window.given?.getTracks().every(({ readyState }) => readyState === 'ended')`);
    expect(await text('problem')).toBe('');
  });

  test('tells those who do not see it little, and in words', async () => {
    expect(
      await page.evaluate(`[...document.querySelectorAll('output')].every(({ ariaLive }) => ariaLive === 'off')`),
    ).toBe(true);
    await page.evaluate(`document.querySelector('[value=all]').click()`);
    await click('example');
    await page.until(`document.getElementById('summary').textContent !== ''`);
    expect(await text('summary')).toMatch(/^5\.6 seconds of sound, of which 5\.\d are speech$/);
  });

  test('keeps still for those who ask for it', async () => {
    const pulses = `document.querySelector('.dot').getAnimations().length`;
    await click('example');
    await page.until(`${pulses} === 1`);
    await page.look({ ...DESKTOP, motion: 'reduce' });
    await page.until(`${pulses} === 0`);
  });

  test('says that the server is gone in the middle, can be stopped meanwhile, and connects again when it is back', async () => {
    const port = new URL(address).port;
    await click('example');
    await page.until(`document.getElementById('answered').value > 5`);
    await server.drain(1000);
    await state('offline');
    expect(await text('problem')).toBe('The server has ended.');
    expect(await text('segments')).toMatch(/^0\.00 – \d\.\d\d s$/);
    expect(await text('verdict')).toBe('nobody speaks');
    await click('example');
    expect(await text('example')).toContain('Stop');
    await click('example');
    await page.until(`document.getElementById('example').dataset.running === 'false'`);
    server = makeSpeechServer(openDetection(await loadDetector(WEIGHTS), 4));
    await listenOn(server, Number(port));
    await state('ready');
    await click('example');
    await page.until(`document.getElementById('answered').value > 5`);
    expect(await text('problem')).toBe('');
  });

  test('holds no place while nothing is heard, and takes one when it is asked to', async () => {
    const port = new URL(address).port;
    await server.drain(0);
    const detection = openDetection(await loadDetector(WEIGHTS), 1);
    server = makeSpeechServer(detection, { beatEvery: 1000, mostSilence: 1 });
    await listenOn(server, Number(port));
    await page.until(`document.getElementById('status').textContent === 'ready'`);
    expect(detection.size).toBe(0);
    await click('example');
    await page.until(`document.getElementById('answered').value > 0`);
  });
});
