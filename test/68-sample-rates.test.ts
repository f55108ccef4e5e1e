import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { mixDown } from '../lib/command/batch/mixDown.ts';
import { type FileJob, jobId, readFileJob, workOf } from '../lib/command/queue/fileJob.ts';
import { loadNpy, saveNpy } from '../lib/io/npy.ts';
import { saveSafetensors } from '../lib/io/safetensors.ts';
import { Conv1d } from '../lib/nn/conv1d.ts';
import { rand, tensor } from '../lib/tensor/factories.ts';
import { jsonLines } from './helpers/batch.ts';
import { conv1d, repositoryFile, temporaryFolder, tone, wavFile } from './helpers/cli.ts';
import { queueIsTestable, type RedisServer, startRedis } from './helpers/redis.ts';
import { chunk, fmt, riff } from './helpers/riff.ts';

const FILTERBANK = repositoryFile('examples/filterbank.safetensors');
const SPEECH = repositoryFile('examples/speech.wav');

/** A layer of one channel with some metadata, and a recording of each rate; `out` is below the folder. */
async function prepare(metadata: Record<string, string>, ...rates: number[]) {
  const folder = temporaryFolder();
  const weights = join(folder, 'layer.safetensors');
  const conv = new Conv1d(1, 2, 5, { algorithm: 'fast' });
  await saveSafetensors(weights, { 'conv.weight': conv.weight, 'conv.bias': conv.bias! }, metadata);
  const inputs = rates.map((rate, i) => {
    const path = join(folder, `${i}-${rate}.wav`);
    writeFileSync(path, wavFile(rate, tone(440, rate, 400)));
    return path;
  });
  return { folder, weights, conv, inputs, out: join(folder, 'out') };
}

describe('a layer that names its sample rate', () => {
  test.each<[string, Record<string, string>, string[]]>([
    ['in the metadata', { sample_rate: '16000' }, []],
    ['in the metadata, as Python writes a float', { sample_rate: '16000.0' }, []],
    ['in the metadata, as JavaScript spells it', { sampleRate: '16000' }, []],
    ['in the metadata, with its prefix before without', { sample_rate: '8000', 'conv.sample_rate': '16000' }, []],
    ['by --sample-rate', {}, ['--sample-rate', '16000']],
    ['by --sample-rate before the metadata', { sample_rate: '8000' }, ['--sample-rate', '16000']],
    ['by --sample-rate before metadata that makes no sense', { sample_rate: 'high' }, ['--sample-rate', '16000']],
  ])('refuses others and says how to resample: %s', async (_, metadata, flags) => {
    const { weights, inputs, out } = await prepare(metadata, 8000, 16000, 22050, 44100);
    const { code, stderr } = await conv1d('run', weights, ...inputs, '--out', out, ...flags);
    const lines = [0, 2, 3].map((i) => {
      const [input, rate] = [inputs[i]!, [8000, 0, 22050, 44100][i]];
      const output = input.replace(/\.wav$/, '-16000.wav');
      const command = `ffmpeg -i ${input} -ar 16000 -c:a pcm_f32le ${output}`;
      return `conv1d: ${input}: has a sample rate of ${rate} Hz, but the weights take 16000 Hz; resample it, e.g.: ${command}`;
    });
    expect(stderr.trim().split('\n')).toEqual(lines);
    expect(code).toBe(3);
    expect((await loadNpy(join(out, '1-16000.npy'))).shape).toEqual([2, 396]);
  });

  test('is the filterbank of the examples', async () => {
    const { inputs, out } = await prepare({}, 8000);
    const { code, stderr } = await conv1d('run', FILTERBANK, SPEECH, ...inputs, '--out', out);
    expect(stderr).toContain('has a sample rate of 8000 Hz, but the weights take 16000 Hz');
    expect(code).toBe(3);
  });

  test('takes arrays, whose rate nobody knows', async () => {
    const { folder, weights, out } = await prepare({ sample_rate: '16000' });
    await saveNpy(join(folder, 'x.npy'), rand(1, 100));
    const { code, stderr } = await conv1d('run', weights, join(folder, 'x.npy'), '--out', out);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });

  test.each(['0', '-1', '16k', '1.5', ''])('by a rate of %s, which makes no sense, is refused', async (rate) => {
    const { weights, inputs, out } = await prepare({ sample_rate: rate }, 8000);
    const byMetadata = await conv1d('run', weights, ...inputs, '--out', out);
    expect(byMetadata.stderr).toContain(`its metadata says sample_rate is '${rate}': expected a whole number from 1`);
    expect(byMetadata.code).toBe(1);
    const byFlag = await conv1d('run', weights, ...inputs, '--out', out, '--sample-rate', rate);
    expect(byFlag.code).toBe(2);
  });

  test('advises no command where neither ffmpeg nor sox reads the file', async () => {
    const { weights, inputs, out } = await prepare({ sample_rate: '16000' }, 8000, 8000);
    const samples = chunk('data', Buffer.alloc(80));
    writeFileSync(inputs[0]!, riff(fmt({ rate: 8000, bits: 24, frameBytes: 4 }), samples));
    writeFileSync(inputs[1]!, riff(fmt({ channels: 2, bits: 24, frameBytes: 8 }), samples));
    const { stderr } = await conv1d('run', weights, ...inputs, '--out', out);
    expect(stderr.split('\n')).toEqual([
      `conv1d: ${inputs[0]}: has a sample rate of 8000 Hz, but the weights take 16000 Hz; save it at 16000 Hz with as many bits as its samples have bytes for`,
      `conv1d: ${inputs[1]}: has 2 channels, but the weights take 1; --mono mixes them down`,
      '',
    ]);
  });

  test('names a file in quotes where a shell needs them', async () => {
    const { folder, weights, out } = await prepare({ sample_rate: '16000' });
    const input = join(folder, "it's one.wav");
    writeFileSync(input, wavFile(8000, tone(440, 8000, 400)));
    const { stderr } = await conv1d('run', weights, input, '--out', out);
    expect(stderr).toContain(process.platform === 'win32' ? `-i "${input}"` : `-i '${input.replace("'", "'\\''")}'`);
  });
});

describe('recordings of different rates through a layer without one', () => {
  const warning = (rates: string) =>
    `conv1d: the recordings have different sample rates: ${rates}; --sample-rate, or sample_rate in the metadata of the weights, refuses all but one\n`;

  test('cause one warning, with all rates', async () => {
    const { weights, inputs, out } = await prepare({}, 44100, 8000, 16000, 8000);
    const { code, stderr } = await conv1d('run', weights, ...inputs, '--out', out);
    expect(stderr).toBe(warning('8000 Hz (2 files), 16000 Hz (1 file), 44100 Hz (1 file)'));
    expect(code).toBe(0);
    const json = await conv1d('run', weights, ...inputs, '--out', out, '--json');
    expect(json.stderr).toBe(stderr);
    expect(jsonLines(json.stdout)).toHaveLength(5);
  });

  test('cause it with --resume, too, where an earlier run has written some', async () => {
    const { weights, inputs, out } = await prepare({}, 8000, 16000);
    expect((await conv1d('run', weights, inputs[0]!, '--out', out, '--resume')).stderr).toBe('');
    const { stdout, stderr } = await conv1d('run', weights, ...inputs, '--out', out, '--resume');
    expect(stdout).toContain('2 files: 1 written, 1 done before');
    expect(stderr).toBe(warning('8000 Hz (1 file), 16000 Hz (1 file)'));
  });

  test('of one rate are not told of', async () => {
    const { weights, inputs, out } = await prepare({}, 8000, 8000);
    expect((await conv1d('run', weights, ...inputs, '--out', out)).stderr).toBe('');
  });
});

describe('--mono', () => {
  /** Three channels, and their mean. */
  const channels = [tone(440, 16000, 400), tone(550, 16000, 400), tone(660, 16000, 400)];

  test('mixes recordings and arrays down to their mean', async () => {
    const { folder, weights, conv, out } = await prepare({ sample_rate: '16000' });
    const inputs = ['three.wav', 'one.wav', 'pair.npy', 'batch.npy'].map((name) => join(folder, name));
    writeFileSync(inputs[0]!, wavFile(16000, ...channels));
    writeFileSync(inputs[1]!, wavFile(16000, channels[0]!));
    await saveNpy(
      inputs[2]!,
      tensor([
        [1, 2, 3, 4, 5, 6],
        [3, 2, 1, 0, -1, -2],
      ]),
    );
    await saveNpy(inputs[3]!, rand(4, 2, 9));
    const { code, stderr } = await conv1d('run', weights, ...inputs, '--out', out, '--mono');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });

    const sample = (value: number) => Math.round(value * 32767) / 32768;
    const means = channels[0]!.map((_, i) => channels.reduce((sum, channel) => sum + sample(channel[i]!), 0) / 3);
    expect((await loadNpy(join(out, 'three.npy'))).data).toEqual(conv.forward(tensor([means])).data);
    expect((await loadNpy(join(out, 'one.npy'))).data).toEqual(conv.forward(tensor([channels[0]!.map(sample)])).data);
    expect((await loadNpy(join(out, 'pair.npy'))).data).toEqual(conv.forward(tensor([[2, 2, 2, 2, 2, 2]])).data);
    expect((await loadNpy(join(out, 'batch.npy'))).shape).toEqual([4, 2, 5]);
  });

  test('is what the error without it names', async () => {
    const { folder, weights, out } = await prepare({});
    const input = join(folder, 'stereo.wav');
    writeFileSync(input, wavFile(16000, channels[0]!, channels[1]!));
    const { code, stderr } = await conv1d('run', weights, input, '--out', out);
    const command = `ffmpeg -i ${input} -af "pan=mono|c0=c0" -c:a pcm_f32le ${input.replace(/\.wav$/, '-first.wav')}`;
    expect(stderr).toBe(
      `conv1d: ${input}: has 2 channels, but the weights take 1; --mono mixes them down; to take one, e.g.: ${command}\n`,
    );
    expect(code).toBe(1);
  });

  test('makes no sense for a layer of two channels', async () => {
    const { folder, inputs, out } = await prepare({}, 8000);
    const weights = join(folder, 'two.safetensors');
    await saveSafetensors(weights, new Conv1d(2, 2, 5).stateDict());
    const { code, stderr } = await conv1d('run', weights, ...inputs, '--out', out, '--mono');
    expect(stderr).toBe('conv1d: --mono is for layers of one channel, but the weights take 2; leave it out\n');
    expect(code).toBe(2);
  });

  test.each([
    [
      [3, 0],
      [1, 0],
    ],
    [
      [0, 2, 5],
      [0, 1, 5],
    ],
    [
      [2, 0, 5],
      [2, 0, 5],
    ],
    [[7], [7]],
  ])('of shape %j gives shape %j', (shape, mixed) => {
    expect(mixDown(rand(shape)).shape).toEqual(mixed);
  });

  test('rounds once, in the dtype of the layer', () => {
    const large = tensor([[2 ** 24], [1], [1]]);
    expect(mixDown(large).data[0]).toBe(Math.fround((2 ** 24 + 2) / 3));
    expect(mixDown(tensor([[0.1], [0.2]], { dtype: 'float64' })).data).toEqual(Float64Array.of((0.1 + 0.2) / 2));
    expect(large.data).toEqual(Float32Array.of(2 ** 24, 1, 1));
  });
});

test('--truncated reads a recording that was cut off, and the error without it names it', async () => {
  const { weights, inputs, out } = await prepare({}, 8000);
  writeFileSync(inputs[0]!, readFileSync(inputs[0]!).subarray(0, -101));
  const refused = await conv1d('run', weights, ...inputs, '--out', out);
  expect(refused.stderr).toContain('--truncated');
  expect(refused.code).toBe(1);
  const { code, stderr } = await conv1d('run', weights, ...inputs, '--out', out, '--truncated');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect((await loadNpy(join(out, '0-8000.npy'))).shape).toEqual([2, 349 - 4]);
});

test('--resume does again what --mono, --truncated or the sample rate concern, and nothing else', async () => {
  const { weights, inputs, out } = await prepare({}, 8000, 8000);
  const run = async (...flags: string[]) => {
    const { stdout } = await conv1d('run', weights, ...inputs, '--out', out, '--resume', '--json', ...flags);
    const { written, skipped, failed } = jsonLines(stdout).at(-1)!;
    return { written, skipped, failed };
  };
  const all = { written: 2, skipped: 0, failed: 0 };
  const none = { written: 0, skipped: 2, failed: 0 };
  const refused = { written: 0, skipped: 0, failed: 2 };
  expect(await run()).toEqual(all);
  for (const [flags, first] of [
    [[], none],
    [['--mono'], all],
    [['--truncated'], all],
    [['--sample-rate', '16000'], refused],
    [['--sample-rate', '8000'], all],
  ] as const) {
    expect(await run(...flags), `${flags}`).toEqual(first);
    if (first !== refused) expect(await run(...flags), `${flags} again`).toEqual(none);
  }
});

describe('a job of the queue', () => {
  const layer = { path: '/w.safetensors', sha256: 'a'.repeat(64), key: null, parameters: {} };
  const identity = { size: 1, modified: 2 };
  const job: FileJob = { input: '/a.wav', output: '/a.npy', format: 'npy', picture: null, layer, identity };
  const others: FileJob[] = [
    { ...job, mono: true },
    { ...job, truncated: true },
    { ...job, layer: { ...layer, parameters: { sampleRate: 16000 } } },
    { ...job, layer: { ...layer, parameters: { sampleRate: 8000 } } },
  ];

  test('is other work where it makes another result, under the name of its output, and comes out as it went in', () => {
    expect(new Set([job, ...others].map(workOf)).size).toBe(5);
    expect(new Set([job, ...others].map(jobId)).size).toBe(1);
    expect(workOf({ ...job, mono: false, truncated: false })).toBe(workOf(job));
    for (const other of others) expect(readFileJob(JSON.parse(JSON.stringify(other)))).toEqual(other);
  });

  test.each<[string, unknown]>([
    ['mono', { ...job, mono: 1 }],
    ['truncated', { ...job, truncated: 'yes' }],
    ['sampleRate', { ...job, layer: { ...layer, parameters: { sampleRate: '16000' } } }],
  ])('with a %s of another kind is refused', (name, data) => {
    const message = expect.stringContaining(`${name} is not what`);
    expect(() => readFileJob(data)).toThrowError(expect.objectContaining({ code: 'ERR_CONV1D_FORMAT', message }));
  });
});

const TESTABLE = queueIsTestable();
describe.skipIf(!TESTABLE)('through the queue', () => {
  let redis: RedisServer;
  beforeAll(async () => {
    if (TESTABLE) redis = await startRedis();
  });
  afterAll(() => redis?.stop());

  test('rates, --mono and --truncated are what they are without it', async () => {
    const { folder, weights, inputs, out } = await prepare({}, 8000, 16000, 8000);
    writeFileSync(inputs[0]!, readFileSync(inputs[0]!).subarray(0, -101));
    writeFileSync(inputs[2]!, wavFile(8000, tone(440, 8000, 400), tone(550, 8000, 400)));
    for (const [i, flags] of [
      [],
      ['--truncated', '--mono'],
      ['--truncated', '--mono', '--sample-rate', '8000'],
    ].entries()) {
      const argv = ['run', weights, ...inputs, ...flags];
      const local = await conv1d(...argv, '--out', join(folder, `local-${i}`));
      const queue = ['--queue', redis.url(i)];
      const [queued] = await Promise.all([
        conv1d(...argv, '--out', join(out, String(i)), ...queue),
        conv1d(...argv, '--out', join(out, String(i)), ...queue, '--detach').then(() =>
          conv1d('worker', ...queue, '--until-empty'),
        ),
      ]);
      expect(queued.stderr.split('\n').sort()).toEqual(local.stderr.split('\n').sort());
      expect(queued.code).toBe(local.code);
      expect(queued.code).toBe([3, 0, 3][i]);
      if (i !== 1) continue;
      expect(queued.stderr).toContain('8000 Hz (2 files), 16000 Hz (1 file)');
      for (const name of ['0-8000.npy', '1-16000.npy', '2-8000.npy'])
        expect(readFileSync(join(out, '1', name)).equals(readFileSync(join(folder, 'local-1', name)))).toBe(true);
    }
  });
});
