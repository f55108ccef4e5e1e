import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadDetector, openDetection } from '../examples/speech-server/detection.ts';
import { makeSpeechServer } from '../examples/speech-server/server.ts';
import { BrowserPage } from './browser.ts';

// `speechScreenshots.ts [FOLDER]`: the page of examples/speech-server.ts as PNGs when it has played the example, by a headless Chromium.

const folder = resolve(process.argv[2] ?? 'build/screenshots');

const VIEWS = (['light', 'dark'] as const).flatMap((scheme) => [
  { name: `speech-desktop-${scheme}`, width: 1280, height: 900, scheme },
  { name: `speech-phone-${scheme}`, width: 390, height: 844, scheme },
]);

const weights = fileURLToPath(new URL('../examples/voice/voiceDetector.safetensors', import.meta.url));
const server = makeSpeechServer(openDetection(await loadDetector(weights), 1)).listen(0, '127.0.0.1');
await once(server, 'listening');
const profile = mkdtempSync(join(tmpdir(), 'conv1d-screenshot-'));
const page = await BrowserPage.open(profile, ['--mute-audio']);
mkdirSync(folder, { recursive: true });
try {
  for (const { name, ...view } of VIEWS) {
    await page.look(view);
    await page.goTo(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    await page.until(`document.getElementById('status').dataset.state === 'ready'`);
    await page.evaluate(`document.getElementById('example').click()`);
    await page.until(`document.getElementById('answered').value === '175'`);
    await page.until(`document.getElementById('status').dataset.state === 'ready'`);
    const target = join(folder, `${name}.png`);
    writeFileSync(target, await page.screenshot());
    console.log(`wrote ${relative(process.cwd(), target)}`);
  }
} finally {
  await page.close();
  await server.drain(1000);
  rmSync(profile, { recursive: true, force: true });
}
