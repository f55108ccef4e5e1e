import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Conv1dOptions } from '../lib/convolution/parameters.ts';
import { loadNpy, saveNpy } from '../lib/io/npy.ts';
import { saveSafetensors } from '../lib/io/safetensors.ts';
import { cpuInfo, getNumThreads, setNumThreads } from '../lib/native/runtime.ts';
import { Conv1d } from '../lib/nn/conv1d.ts';
import type { StateDict } from '../lib/nn/stateDict.ts';
import { rand, tensor } from '../lib/tensor/factories.ts';
import type { Tensor } from '../lib/tensor/tensor.ts';
import { conv1d, repositoryFile, temporaryFolder, tone, wavFile } from './helpers/cli.ts';

const FILTERBANK = repositoryFile('examples/filterbank.safetensors');
const SPEECH = repositoryFile('examples/speech.wav');

/** Runs one .npy input and gives back the features; `name` is what the weights file is called. */
async function runArray(folder: string, weights: string, input: Tensor, ...flags: string[]): Promise<Tensor> {
  await saveNpy(join(folder, 'input.npy'), input);
  const out = join(folder, 'out');
  const { code, stderr } = await conv1d('run', weights, join(folder, 'input.npy'), '--out', out, ...flags);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return loadNpy(join(out, 'input.npy'));
}

describe('conv1d run', () => {
  test('turns the speech of the examples into features and a picture without any flags', async () => {
    const out = temporaryFolder();
    const { code, stdout, stderr } = await conv1d('run', FILTERBANK, SPEECH, '--out', out, '--plot');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(readdirSync(out).sort()).toEqual(['speech.npy', 'speech.png']);
    expect((await loadNpy(join(out, 'speech.npy'))).shape).toEqual([402, 555]);

    const { isa, threads } = cpuInfo();
    const lines = stdout.trim().split('\n');
    const [heads, row] = lines.slice(lines.findIndex((line) => line.startsWith('file ')));
    expect(heads).toMatch(/^file +audio +output +implementation +max threads +ms +x real time +GFLOP\/s$/);
    expect(row).toMatch(
      new RegExp(`^speech\\.wav +5\\.57 s +402 x 555 +${isa} +${threads} +[\\d.]+ +[\\d.]+ +[\\d.]+$`),
    );
  });

  test('draws no picture unless asked', async () => {
    const out = temporaryFolder();
    await conv1d('run', FILTERBANK, SPEECH, '--out', out);
    expect(readdirSync(out)).toEqual(['speech.npy']);
  });

  test('says that there is no picture of an empty batch', async () => {
    const folder = temporaryFolder();
    const [input, out] = [join(folder, 'none.npy'), join(folder, 'out')];
    await saveNpy(input, rand(0, 1, 500));
    const { code, stdout, stderr } = await conv1d('run', FILTERBANK, input, '--out', out, '--plot');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout.split('\n')[0]).toBe(`${input} -> ${join(out, 'none.npy')} (no picture: the batch is empty)`);
    expect(readdirSync(out)).toEqual(['none.npy']);
  });

  test('makes the folder of --out, and those above it', async () => {
    const out = join(temporaryFolder(), 'a', 'b');
    expect((await conv1d('run', FILTERBANK, SPEECH, '--out', out)).code).toBe(0);
    expect(readdirSync(out)).toEqual(['speech.npy']);
  });

  test('convolves several files, one line each', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'a.wav'), wavFile(16000, tone(440, 16000, 1600)));
    writeFileSync(join(folder, 'b.WAV'), wavFile(16000, tone(440, 16000, 4000)));
    await saveNpy(join(folder, 'c.npy'), rand(2, 1, 1000));
    const inputs = ['a.wav', 'b.WAV', 'c.npy'].map((name) => join(folder, name));
    const { code, stdout } = await conv1d('run', FILTERBANK, ...inputs, '--out', join(folder, 'out'));
    expect(code).toBe(0);
    const rows = stdout.split('\n').filter((line) => /^[abc]\./.test(line));
    expect(rows[0]).toMatch(/^a\.wav +0\.10 s +402 x 8 /);
    expect(rows[1]).toMatch(/^b\.WAV +0\.25 s +402 x 23 /);
    expect(rows[2]).toMatch(/^c\.npy +- +2 x 402 x 4 .* - +[\d.]+$/);
  });

  test('uses as many threads as --threads says', async () => {
    const before = getNumThreads();
    try {
      const { stdout } = await conv1d('run', FILTERBANK, SPEECH, '--out', temporaryFolder(), '--threads', '1');
      expect(stdout).toMatch(new RegExp(`${cpuInfo().isa} +1 `));
    } finally {
      setNumThreads(before);
    }
  });

  test('keeps an unbatched input unbatched and a batch a batch', async () => {
    const folder = temporaryFolder();
    const weights = join(folder, 'w.safetensors');
    await saveSafetensors(weights, new Conv1d(2, 3, 5).stateDict());
    expect((await runArray(folder, weights, rand(2, 20))).shape).toEqual([3, 16]);
    expect((await runArray(folder, weights, rand(4, 2, 20))).shape).toEqual([4, 3, 16]);
    expect((await runArray(folder, weights, rand(0, 2, 20), '--plot')).shape).toEqual([0, 3, 16]);
  });

  test('converts the input to the dtype of the weights', async () => {
    const folder = temporaryFolder();
    for (const [weightType, inputType] of [
      ['float64', 'float32'],
      ['float32', 'float64'],
    ] as const) {
      const conv = new Conv1d(1, 2, 3, { dtype: weightType, algorithm: 'fast' });
      const weights = join(folder, `${weightType}.safetensors`);
      await saveSafetensors(weights, conv.stateDict());
      const input = rand(1, 10, { dtype: inputType });
      const converted = tensor(Array.from(input.data), [1, 10], { dtype: weightType });
      const features = await runArray(folder, weights, input);
      expect(features.dtype).toBe(weightType);
      expect(features.data).toEqual(conv.forward(converted).data);
    }
  });
});

describe('the parameters of the layer', () => {
  type Case = { options: Conv1dOptions; flags: string[]; metadata: Record<string, string> };
  const cases: Case[] = [
    { options: {}, flags: [], metadata: {} },
    { options: { stride: 2 }, flags: ['--stride', '2'], metadata: { stride: '2' } },
    { options: { padding: 3 }, flags: ['--padding', '3'], metadata: { padding: '3' } },
    { options: { padding: [1, 4] }, flags: ['--padding', '1,4'], metadata: { padding: '1,4' } },
    { options: { padding: [0, 4] }, flags: ['--padding=0,4'], metadata: { padding: ' 0, 4 ' } },
    { options: { padding: 'same' }, flags: ['--padding', 'same'], metadata: { padding: 'same' } },
    { options: { padding: 'valid' }, flags: ['--padding', 'valid'], metadata: { padding: 'valid' } },
    { options: { padding: 'causal' }, flags: ['--padding', 'causal'], metadata: { padding: 'causal' } },
    { options: { dilation: 3 }, flags: ['--dilation', '3'], metadata: { dilation: '3' } },
    { options: { groups: 2 }, flags: ['--groups', '2'], metadata: { groups: '2' } },
    { options: { groups: 4, bias: false }, flags: ['--groups', '4'], metadata: { groups: '4' } },
    {
      options: { padding: 2, paddingMode: 'reflect' },
      flags: ['--padding', '2', '--padding-mode', 'reflect'],
      metadata: { padding: '2', padding_mode: 'reflect' },
    },
    {
      options: { padding: 2, paddingMode: 'circular' },
      flags: ['--padding', '2', '--padding-mode', 'circular'],
      metadata: { padding: '2', paddingMode: 'circular' },
    },
  ];

  for (const { options, flags, metadata } of cases) {
    test(`${JSON.stringify(options)} can be given by flags, and by metadata`, async () => {
      const folder = temporaryFolder();
      const conv = new Conv1d(4, 8, 3, { ...options, algorithm: 'fast' });
      const input = rand(4, 30);
      const expected = conv.forward(input);
      const bare = join(folder, 'bare.safetensors');
      const described = join(folder, 'described.safetensors');
      await saveSafetensors(bare, conv.stateDict());
      await saveSafetensors(described, conv.stateDict(), metadata);
      for (const features of [
        await runArray(folder, bare, input, ...flags),
        await runArray(folder, described, input),
      ]) {
        expect(features.shape).toEqual(expected.shape);
        expect(features.data).toEqual(expected.data);
      }
    });
  }

  test('flags go before metadata', async () => {
    const folder = temporaryFolder();
    const weights = join(folder, 'w.safetensors');
    await saveSafetensors(weights, new Conv1d(1, 1, 3).stateDict(), { stride: '3', padding: '1' });
    const features = await runArray(folder, weights, rand(1, 30), '--stride', '2', '--padding', '0');
    expect(features.shape).toEqual([1, 14]);
  });

  test('a flag replaces metadata that cannot be read', async () => {
    const folder = temporaryFolder();
    const weights = join(folder, 'w.safetensors');
    const metadata = { stride: 'two', padding: '-', dilation: '0', groups: 'one', padding_mode: 'wrap' };
    await saveSafetensors(weights, new Conv1d(1, 1, 3).stateDict(), metadata);
    const flags = ['--stride', '2', '--padding', '1', '--dilation', '3', '--groups', '1', '--padding-mode', 'reflect'];
    expect((await runArray(folder, weights, rand(1, 30), ...flags)).shape).toEqual([1, 13]);
  });

  test('--key chooses the layer, with or without the last dot, and its own metadata goes first', async () => {
    const folder = temporaryFolder();
    const weights = join(folder, 'model.safetensors');
    const algorithm = 'fast';
    const layers = {
      first: new Conv1d(1, 2, 3, { algorithm }),
      second: new Conv1d(1, 5, 4, { stride: 2, bias: false, algorithm }),
    };
    const dict: StateDict = { 'head.weight': rand(3, 3), 'norm.bias': rand(3) };
    for (const [name, layer] of Object.entries(layers)) {
      for (const [key, value] of Object.entries(layer.stateDict())) dict[`net.${name}.${key}`] = value;
    }
    await saveSafetensors(weights, dict, { stride: '1', 'net.second.stride': '2' });
    const input = rand(1, 30);
    for (const [key, layer] of [
      ['net.first.', layers.first],
      ['net.second', layers.second],
    ] as const) {
      const features = await runArray(folder, weights, input, '--key', key);
      expect(features.data).toEqual(layer.forward(input).data);
    }
  });

  test('the only convolution among other tensors needs no --key', async () => {
    const folder = temporaryFolder();
    const weights = join(folder, 'model.safetensors');
    const conv = new Conv1d(1, 2, 3, { algorithm: 'fast' });
    await saveSafetensors(weights, {
      'head.weight': rand(3, 3),
      'conv.weight': conv.weight,
      'conv.bias': conv.bias!,
    });
    const input = rand(1, 30);
    expect((await runArray(folder, weights, input)).data).toEqual(conv.forward(input).data);
  });
});

describe('what the command says of itself', () => {
  test('info names the version, the implementations and the threads', async () => {
    const { code, stdout } = await conv1d('info');
    const { isa, threads } = cpuInfo();
    expect(code).toBe(0);
    expect(stdout).toMatch(/^conv1d +\d+\.\d+\.\d+$/m);
    expect(stdout).toMatch(/^CPU +\S/m);
    expect(stdout).toMatch(new RegExp(`^implementations .*${isa} \\(in use\\)`, 'm'));
    expect(stdout).toMatch(new RegExp(`^threads +${threads}$`, 'm'));
  });

  const helps: [argv: string[], words: string[]][] = [
    [['--help'], ['run', 'info', 'CONV1D_ISA', 'CONV1D_NUM_THREADS', 'Exit codes', 'Examples']],
    [
      ['help', 'run'],
      ['--out', '--key', 'padding_mode', 'real,imaginary', '.npy', '.wav', 'Exit codes', 'Examples'],
    ],
    [
      ['run', '--help'],
      ['--stride', '--padding', '--dilation', '--groups', '--padding-mode', '--algorithm', '--threads', '--plot'],
    ],
    [['--version'], ['0.']],
  ];
  for (const [argv, words] of helps) {
    test(`conv1d ${argv.join(' ')} tells about ${words.join(', ')}`, async () => {
      const { code, stdout, stderr } = await conv1d(...argv);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      for (const word of words) expect(stdout).toContain(word);
    });
  }
});
