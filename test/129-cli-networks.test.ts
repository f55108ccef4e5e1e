import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { extensionsFor } from '../lib/command/batch/extensions.ts';
import {
  compile,
  loadCheckpoint,
  loadNpy,
  loadSafetensors,
  loadWav,
  Module,
  manualSeed,
  nn,
  noGrad,
  rand,
  saveNetwork,
  saveNpy,
  saveSafetensors,
  serializeNpy,
  type Tensor,
  tensor,
  zeros,
} from '../lib/index.ts';
import { encodeWav } from '../lib/io/wavEncode.ts';
import { encodeZip } from '../lib/io/zipEncode.ts';
import { contents, jsonLines, numbered, recordings, startConv1d } from './helpers/batch.ts';
import { conv1d, temporaryFolder, tone, wavFile } from './helpers/cli.ts';
import { scaled } from './helpers/onnxModel.ts';

/** From Debian's python3-onnx: y = Relu(x), of (n, 1, l). */
const RELU = Buffer.from(
  'CAg6RwoMCgF4EgF5IgRSZWx1EgFnWhkKAXgSFAoSCAESDgoDEgFuCgIIAQoDEgFsYhkKAXkSFAoSCAESDgoDEgFuCgIIAQoDEgFsQgQKABAN',
  'base64',
);

/** A network of one signal in a file: 8 channels of features become a recording of 4 samples for each step. */
async function vocoder(folder: string, metadata: Record<string, string> = { sample_rate: '16000' }) {
  manualSeed(1);
  const net = new nn.Sequential(
    new nn.Conv1d(8, 4, 7, { padding: 3 }),
    new nn.LeakyReLU(0.1),
    new nn.ConvTranspose1d(4, 1, 8, { stride: 4, padding: 2 }),
  ).eval();
  const path = join(folder, 'vocoder.safetensors');
  await saveNetwork(path, compile(net, { input: rand(1, 8, 20) }), metadata);
  return { path, net };
}

/** One that listens to recordings, a channel of the example's length or another. */
async function listener(folder: string, metadata?: Record<string, string>) {
  manualSeed(2);
  const net = new nn.Sequential(new nn.Conv1d(1, 4, 16, { stride: 8 }), new nn.ReLU()).eval();
  const path = join(folder, 'listener.safetensors');
  await saveNetwork(path, compile(net, { input: rand(1, 1, 100) }), metadata);
  return { path, net };
}

class Chunks extends Module {
  readonly conv = new nn.Conv1d(1, 16, 64, { stride: 32 });
  readonly rnn = new nn.LSTM(16, 8);
  readonly head = new nn.Linear(8, 1);

  override forward(x: Tensor, h: Tensor, c: Tensor): [Tensor, [Tensor, Tensor]] {
    const [y, next] = this.rnn.forward(this.conv.forward(x).relu().permute(2, 0, 1), [h, c]);
    return [this.head.forward(y.at(-1)).sigmoid(), next];
  }
}

/** One of several inputs and outputs. */
async function chunks(folder: string) {
  manualSeed(3);
  const network = compile(new Chunks().eval(), {
    inputs: { x: rand(1, 1, 512), h: zeros(1, 1, 8), c: zeros(1, 1, 8) },
    outputs: ['probability', 'hn', 'cn'],
  });
  const path = join(folder, 'chunks.safetensors');
  await saveNetwork(path, network);
  return { path, network };
}

describe('conv1d run with a network', () => {
  test('gives the features of recordings and arrays, each with and without a batch', async () => {
    const folder = temporaryFolder();
    const { path, net } = await listener(folder);
    const [recording] = recordings(folder, ['a.wav']);
    const { samples } = await loadWav(recording!);
    const batch = rand(3, 1, 200);
    await saveNpy(join(folder, 'batch.npy'), batch);
    const out = join(folder, 'out');
    const run = await conv1d('run', path, recording!, join(folder, 'batch.npy'), '--out', out);
    expect({ code: run.code, stderr: run.stderr }).toEqual({ code: 0, stderr: '' });
    const expected = noGrad(() => [net.forward(samples.unsqueeze(0) as Tensor).at(0), net.forward(batch)]);
    expect(await loadNpy(join(out, 'a.npy'))).toEqual(expected[0]);
    expect(await loadNpy(join(out, 'batch.npy'))).toEqual(expected[1]);
    expect(run.stdout).toMatch(/a\.wav +0\.03 s +4 x 24/);
  });

  test('writes the recordings of a vocoder, and says what was clipped', async () => {
    const folder = temporaryFolder();
    const { path, net } = await vocoder(folder);
    const features = rand(8, 50).mul(20);
    await saveNpy(join(folder, 'mel.npy'), features);
    const out = join(folder, 'out');
    const { code, stdout } = await conv1d('run', path, join(folder, 'mel.npy'), '--out', out, '--format', 'wav');
    expect(code).toBe(0);
    const { samples, sampleRate, format } = await loadWav(join(out, 'mel.wav'));
    expect({ sampleRate, format, shape: samples.shape }).toEqual({
      sampleRate: 16000,
      format: 'pcm16',
      shape: [1, 200],
    });
    const expected = noGrad(() => net.forward(features.unsqueeze(0) as Tensor).at(0)) as Tensor;
    const beyond = expected.abs().gt(1).sum().item();
    expect(beyond).toBeGreaterThan(0);
    expect(stdout).toContain(`(${beyond} samples are clipped: the peak is `);
    expect(samples.sub(expected.clamp(-1, 1)).abs().max().item()).toBeLessThan(2 ** -14);
  });

  test('needs a sample rate for that: an option, metadata, or the input with as many samples', async () => {
    const folder = temporaryFolder();
    const { path } = await vocoder(folder, {});
    await saveNpy(join(folder, 'mel.npy'), rand(8, 50));
    const run = (...flags: string[]) =>
      conv1d('run', path, join(folder, 'mel.npy'), '--out', join(folder, 'out'), '--format', 'wav', ...flags);
    const { code, stderr } = await run();
    expect(stderr).toMatch(/mel\.npy: a recording needs a sample rate: give --sample-rate HZ/);
    expect(code).toBe(1);
    expect((await run('--sample-rate', '22050')).code).toBe(0);
    expect((await loadWav(join(folder, 'out', 'mel.wav'))).sampleRate).toBe(22050);

    const smooth = join(folder, 'smooth.safetensors');
    const net = new nn.Conv1d(1, 1, 5, { padding: 'same' }).eval();
    await saveNetwork(smooth, compile(net, { input: rand(1, 1, 50) }));
    const [recording] = recordings(folder, ['a.wav']);
    expect((await conv1d('run', smooth, recording!, '--out', join(folder, 'out'), '--format', 'wav')).code).toBe(0);
    expect((await loadWav(join(folder, 'out', 'a.wav'))).sampleRate).toBe(8000);
  });

  test('takes inputs by name from safetensors files, and gives outputs by name', async () => {
    const folder = temporaryFolder();
    const { path, network } = await chunks(folder);
    const inputs = { x: rand(2, 1, 600), h: rand(1, 2, 8), c: rand(1, 2, 8) };
    mkdirSync(join(folder, 'in'));
    await saveSafetensors(join(folder, 'in', 'first.safetensors'), { ...inputs, other: rand(3) });
    await saveSafetensors(join(folder, 'in', 'short.safetensors'), { x: rand(2, 1, 600) });
    writeFileSync(join(folder, 'in', 'a.wav'), wavFile(8000, tone(200, 8000, 600)));
    const out = join(folder, 'out');
    const { code, stderr } = await conv1d('run', path, join(folder, 'in'), '--out', out);
    expect(stderr).toMatch(/1 file of another kind \(\.wav 1\) was left out/);
    expect(stderr).toMatch(/short\.safetensors: has no tensor "h", which the network reads; its names are "x"/);
    expect(code).toBe(3);
    expect(readdirSync(out)).toEqual(['first.safetensors']);
    const expected = network.forward(inputs);
    expect({ ...(await loadSafetensors(join(out, 'first.safetensors'))) }).toEqual(expected);
  });

  test('takes inputs by name from what numpy.savez wrote', async () => {
    const folder = temporaryFolder();
    const { path, network } = await chunks(folder);
    const inputs = { x: rand(1, 1, 600), h: rand(1, 1, 8), c: rand(1, 1, 8) };
    writeFileSync(join(folder, 'in.npz'), encodeZipOf(inputs));
    const out = join(folder, 'out');
    expect((await conv1d('run', path, join(folder, 'in.npz'), '--out', out, '--resume')).code).toBe(0);
    expect({ ...(await loadSafetensors(join(out, 'in.safetensors'))) }).toEqual(network.forward(inputs));
  });

  test('gives outputs by name to numpy.load, too, and the same bytes again', async () => {
    const folder = temporaryFolder();
    const { path, network } = await chunks(folder);
    const inputs = { x: rand(1, 1, 600), h: rand(1, 1, 8), c: rand(1, 1, 8) };
    await saveSafetensors(join(folder, 'in.safetensors'), inputs);
    const run = (out: string) =>
      conv1d('run', path, join(folder, 'in.safetensors'), '--out', join(folder, out), '--format', 'npz');
    expect(await run('a')).toMatchObject({ code: 0, stderr: '' });
    await run('b');
    expect({ ...(await loadCheckpoint(join(folder, 'a', 'in.npz'))) }).toEqual(network.forward(inputs));
    expect(contents(join(folder, 'a'))).toEqual(contents(join(folder, 'b')));
    // What it wrote is what it reads.
    const copied = join(folder, 'again.npz');
    writeFileSync(copied, encodeZipOf(inputs));
    expect((await conv1d('run', path, copied, '--out', join(folder, 'c'), '--format', 'npz')).code).toBe(0);
    expect(readFileSync(join(folder, 'c', 'again.npz'))).toEqual(readFileSync(join(folder, 'a', 'in.npz')));
  });

  test('tells two inputs that would become one file by the ending that it would have', async () => {
    const folder = temporaryFolder();
    const { path } = await chunks(folder);
    for (const name of ['a', 'b']) {
      mkdirSync(join(folder, name));
      await saveSafetensors(join(folder, name, 'x.safetensors'), { x: rand(1, 1, 600) });
    }
    const inputs = ['a', 'b'].map((name) => join(folder, name, 'x.safetensors'));
    const { code, stderr } = await conv1d('run', path, ...inputs, '--out', join(folder, 'out'));
    expect(stderr).toMatch(/would both become .*x\.safetensors; run them/);
    expect(code).toBe(2);
  });

  test('knows a model by its external data: --resume does all again when they have changed', async () => {
    const folder = temporaryFolder();
    const model = join(folder, 'scale.onnx');
    const x = rand(1, 1, 9);
    await saveNpy(join(folder, 'x.npy'), x);
    const scaleBy = (factor: number) => writeFileSync(join(folder, 'scale.data'), Float32Array.of(factor));
    writeFileSync(model, scaled('scale.data'));
    scaleBy(2);
    const out = join(folder, 'out');
    const run = async () => {
      const { stdout } = await conv1d('run', model, join(folder, 'x.npy'), '--out', out, '--resume', '--json');
      return jsonLines(stdout)[0]!.status;
    };
    expect([await run(), await run()]).toEqual(['written', 'skipped']);
    expect(await loadNpy(join(out, 'x.npy'))).toEqual(x.mul(2));
    scaleBy(3);
    expect([await run(), await run()]).toEqual(['written', 'skipped']);
    expect(await loadNpy(join(out, 'x.npy'))).toEqual(x.mul(3));
  });

  test('says what makes no sense with it', async () => {
    const folder = temporaryFolder();
    const { path } = await chunks(folder);
    const [recording] = recordings(folder, ['a.wav']);
    const run = (...flags: string[]) => conv1d('run', path, recording!, '--out', join(folder, 'out'), ...flags);
    expect((await run('--key', 'conv.')).stderr).toMatch(/--key is for layers, and .*chunks\.safetensors is a network/);
    expect((await run('--padding-mode', 'reflect')).code).toBe(2);
    expect((await run('--mono')).stderr).toMatch(
      /--mono is for layers of one channel, but the network takes no recordings/,
    );
    expect((await run('--format', 'npy')).stderr).toMatch(
      /the network gives probability, hn, cn; --format safetensors or npz writes/,
    );
    const { stderr, code } = await run();
    expect(stderr).toMatch(/a\.wav: the network reads "x", "h", "c"; give \.safetensors or \.npz files/);
    expect(code).toBe(1);
    const { path: other } = await vocoder(folder);
    const wrong = await conv1d('run', other, recording!, '--out', join(folder, 'out'));
    expect(wrong.stderr).toMatch(/has 1 channel, but the weights take 8/);
  });

  test('goes on with --resume, and does all again when the network has changed', async () => {
    const folder = temporaryFolder();
    const { path } = await listener(folder);
    const inputs = join(folder, 'in');
    recordings(inputs, numbered(3));
    const out = join(folder, 'out');
    const run = async (...flags: string[]) =>
      jsonLines((await conv1d('run', path, inputs, '--out', out, '--resume', '--json', ...flags)).stdout);
    const statuses = (lines: Record<string, unknown>[]) =>
      lines.filter(({ event }) => event === 'file').map(({ status }) => status);
    expect(statuses(await run())).toEqual(['written', 'written', 'written']);
    const before = contents(out);
    expect(statuses(await run())).toEqual(['skipped', 'skipped', 'skipped']);
    expect(statuses(await run('--algorithm', 'fast'))).toEqual(['written', 'written', 'written']);
    await saveNetwork(path, compile(new nn.Conv1d(1, 2, 3).eval(), { input: rand(1, 1, 50) }));
    expect(statuses(await run())).toEqual(['written', 'written', 'written']);
    expect(contents(out)).not.toEqual(before);
  });

  test('refuses recordings of another rate than its metadata says', async () => {
    const folder = temporaryFolder();
    const { path } = await listener(folder, { sample_rate: '16000' });
    const [recording] = recordings(folder, ['a.wav']);
    const { stderr } = await conv1d('run', path, recording!, '--out', join(folder, 'out'));
    expect(stderr).toMatch(/has a sample rate of 8000 Hz, but the weights take 16000 Hz/);
  });

  test('refuses a damaged one in one line', async () => {
    const folder = temporaryFolder();
    const { path } = await listener(folder);
    const bytes = readFileSync(path);
    writeFileSync(path, Buffer.from(bytes.toString('latin1').replace('stride\\":8', 'stride\\":0'), 'latin1'));
    const { code, stderr } = await conv1d('run', path, 'x.wav', '--out', join(folder, 'out'));
    expect(stderr).toMatch(/^conv1d: .*listener\.safetensors: nodes\[0\]\.attributes\.layer\.stride must be .*\n$/);
    expect(code).toBe(1);
  });

  test('takes ONNX models, by their content, and says which nodes it cannot compute', async () => {
    const folder = temporaryFolder();
    const [recording] = recordings(folder, ['a.wav']);
    const model = join(folder, 'model');
    writeFileSync(model, RELU);
    expect((await conv1d('info', model)).stdout).toMatch(/output +y +\(N, 1, L\) +float32/);
    const { code, stderr } = await conv1d('run', model, recording!, '--out', join(folder, 'out'));
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const { samples } = await loadWav(recording!);
    expect(await loadNpy(join(folder, 'out', 'a.npy'))).toEqual(samples.relu());
    writeFileSync(model, RELU.toString('latin1').replace('Relu', 'Blub'), 'latin1');
    expect(await conv1d('info', model)).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/is not computed.*Blub/),
    });
  });

  test('runs as a command of its own', async () => {
    const folder = temporaryFolder();
    const { path } = await vocoder(folder);
    await saveNpy(join(folder, 'mel.npy'), rand(8, 50));
    const out = join(folder, 'out');
    const command = startConv1d([], 'run', path, join(folder, 'mel.npy'), '--out', out, '--format', 'wav', '--json');
    const text = await new Response(command.stdout as never).text();
    expect(jsonLines(text)[0]).toMatchObject({ status: 'written', shape: [1, 200], clipped: 0 });
  });
});

describe('conv1d info', () => {
  test('prints what a network takes, gives and computes', async () => {
    const folder = temporaryFolder();
    const { path } = await chunks(folder);
    const { code, stdout } = await conv1d('info', path);
    expect(code).toBe(0);
    expect(stdout).toMatch(/input +x +\(N, 1, L\) +float32\ninput +h +\(1, N, 8\)/);
    expect(stdout).toMatch(/output +probability +\(N, 1\) +float32/);
    expect(stdout).toContain('L: from 64 on');
    expect(stdout).toMatch(/conv \(conv1d\) +relu +\[1, 16, 15\] +1,040/);
    const { path: other } = await vocoder(folder);
    expect((await conv1d('info', other)).stdout).toMatch(/output +output +\(N, 1, 4 L\)[\s\S]*sample_rate: 16000/);
  });

  test('says of other files that they hold no network', async () => {
    const path = join(temporaryFolder(), 'w.safetensors');
    await saveSafetensors(path, { weight: rand(2, 2, 2) });
    const { code, stderr } = await conv1d('info', path);
    expect(stderr).toMatch(/w\.safetensors: this safetensors file has no network in it/);
    expect(code).toBe(1);
  });
});

describe('a .wav file that is written', () => {
  test('is read again as it was, up to half a step of 16 bits', async () => {
    const path = join(temporaryFolder(), 'x.wav');
    const samples = tensor([
      [0, 0.5, -0.5, 1 - 2 ** -15],
      [-1, 2 ** -15, -(2 ** -15), 0.25],
    ]) as Tensor;
    const { chunks, peak, clipped } = encodeWav(samples, 44100);
    writeFileSync(path, Buffer.concat(chunks));
    const read = await loadWav(path);
    expect(read.samples).toEqual(samples);
    expect({ rate: read.sampleRate, peak, clipped }).toEqual({ rate: 44100, peak: 1, clipped: 0 });
  });

  test('has no NaN, and no more dimensions than there are in one', () => {
    const code = (value: string) => expect.objectContaining({ code: value });
    expect(() => encodeWav(tensor([Number.NaN]) as Tensor, 8000)).toThrow(code('ERR_CONV1D_VALUE'));
    expect(() => encodeWav(rand(2, 1, 5) as Tensor, 8000)).toThrow(code('ERR_CONV1D_SHAPE'));
    expect(encodeWav(tensor([2, -3]) as Tensor, 8000)).toMatchObject({ peak: 3, clipped: 2 });
  });
});

test('directories are searched for what a network reads', () => {
  expect(extensionsFor(undefined)).toEqual(['wav', 'npy']);
  expect(extensionsFor({ kind: 'named', names: ['x'], dtypes: ['float32'] })).toEqual(['npz', 'safetensors']);
});

/** What numpy.savez would write. */
function encodeZipOf(arrays: Readonly<Record<string, Tensor>>): Uint8Array {
  return encodeZip(
    Object.fromEntries(Object.entries(arrays).map(([name, array]) => [`${name}.npy`, serializeNpy(array)])),
  );
}
