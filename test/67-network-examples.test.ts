import { describe, expect, test } from 'vitest';
import { detectVoice, makeDetector } from '../examples/detectVoice.ts';
import { VoiceDetector } from '../examples/networks/voiceDetector.ts';
import { describeCall, EXAMPLES } from '../examples/networks.ts';
import { compile, loadWav, manualSeed, rand, type Tensor, tensor, zeros } from '../lib/index.ts';
import { repositoryFile } from './helpers/cli.ts';

describe('examples/networks.ts', () => {
  test.each([
    ['snac', '[1, 768, 47] to [1, 1, 24064], 31 steps, 12.65 M parameters, 8545 MFLOP, '],
    ['hifigan', '[1, 80, 86] to [1, 1, 22016], 78 steps, 0.93 M parameters, 3312 MFLOP, '],
    ['encodec', '[1, 128, 75] to [1, 1, 24000], '],
    ['voiceDetector', '[1, 1, 576] [1, 1, 128] [1, 1, 128] to [1, 1, 1] [1, 1, 128] [1, 1, 128], '],
    ['inceptionTime', '[8, 12, 1000] to [8, 5], '],
    ['tcn', '[32, 1, 784] to [32, 10, 784], '],
  ])('%s: %s', (name, line) => {
    const { make, shapes } = EXAMPLES[name]!;
    const inputs = shapes.map((shape) => rand(...shape));
    expect(describeCall(compile(make().eval(), { inputs }), inputs)).toContain(line);
  });

  test('has all six', () => {
    expect(Object.keys(EXAMPLES)).toHaveLength(6);
  });
});

describe('examples/detectVoice.ts', () => {
  test('gives what the module gives when it is handed its state from chunk to chunk', async () => {
    const { samples } = await loadWav(repositoryFile('examples/speech.wav'));
    const sound = samples.at(0).data.slice(0, 512 * 9 + 100) as Float32Array;
    manualSeed(7);
    const found = [...detectVoice(makeDetector(new VoiceDetector()), sound)];

    manualSeed(7);
    const module = new VoiceDetector().eval();
    const padded = new Float32Array(64 + 512 * 10);
    padded.set(sound, 64);
    let state: [Tensor, Tensor] = [zeros(1, 1, 128), zeros(1, 1, 128)];
    const expected = Array.from({ length: 10 }, (_, i) => {
      const window = tensor(padded.slice(i * 512, i * 512 + 576), [1, 1, 576]);
      const [probability, next] = module.forward(window, ...state);
      state = next;
      return probability.item();
    });
    expect(found).toEqual(expected);
  });
});
