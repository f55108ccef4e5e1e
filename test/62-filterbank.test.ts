import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { readSafetensors } from '../lib/io/safetensors.ts';
import { loadWav } from '../lib/io/wav.ts';
import { Conv1d } from '../lib/nn/conv1d.ts';
import { repositoryFile, temporaryFolder } from './helpers/cli.ts';
import { isas, withIsa } from './helpers/layer.ts';

const COMMITTED = repositoryFile('examples/filterbank.safetensors');

/** golden/generate_stft.py keeps every tenth frame. */
const EVERY = 10;

test('examples/make-filterbank.ts makes the committed file, byte for byte', () => {
  const path = join(temporaryFolder(), 'filterbank.safetensors');
  execFileSync(process.execPath, ['--import', 'tsx', repositoryFile('examples/make-filterbank.ts'), path], {
    cwd: repositoryFile('.'),
  });
  expect(readFileSync(path).equals(readFileSync(COMMITTED))).toBe(true);
});

for (const isa of isas) {
  test(`the filterbank agrees with torch.stft to 1e-6 of the largest value of each frame (${isa})`, async () => {
    const golden = new Float32Array(
      Uint8Array.from(gunzipSync(readFileSync(new URL('golden/stft-speech.f32.gz', import.meta.url)))).buffer,
    );
    const { tensors, metadata } = await readSafetensors(COMMITTED);
    const { samples } = await loadWav(repositoryFile('examples/speech.wav'));
    const features = withIsa(isa, () => {
      const conv = new Conv1d(1, 402, 400, { stride: Number(metadata.stride), bias: false });
      conv.loadStateDict(tensors);
      return conv.forward(samples);
    });

    const frames = golden.length / 402;
    expect(features.shape).toEqual([402, 555]);
    expect(frames).toBe(Math.ceil(555 / EVERY));
    for (let frame = 0; frame < frames; frame++) {
      const expected = Float64Array.from({ length: 402 }, (_, channel) => golden[channel * frames + frame]!);
      const actual = Float64Array.from({ length: 402 }, (_, channel) => features.data[channel * 555 + frame * EVERY]!);
      const largest = Math.max(...expected.map(Math.abs));
      const error = Math.max(...expected.map((value, channel) => Math.abs(value - actual[channel]!)));
      expect(error, `frame ${frame * EVERY}`).toBeLessThanOrEqual(1e-6 * largest);
    }
  });
}
