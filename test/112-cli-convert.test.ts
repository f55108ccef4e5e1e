import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadCheckpoint, nn, type StateDict, saveSafetensors, tensor } from '../lib/index.ts';
import { readSafetensors } from '../lib/io/safetensors.ts';
import { bytesOf, checkpointsGolden as golden } from './golden/files.ts';
import { conv1d, repositoryFile, temporaryFolder } from './helpers/cli.ts';

const CHECKPOINT = repositoryFile('examples/checkpoint.pt');

/** What the header of a .safetensors file says. */
function headerOf(path: string): Record<string, { dtype: string; shape: number[] }> {
  const bytes = readFileSync(path);
  return JSON.parse(bytes.toString('utf8', 8, 8 + Number(bytes.readBigUInt64LE())));
}

function goldenFile(name: string): Uint8Array {
  return bytesOf([...golden.cases, ...golden.archives].find((each) => each.name === name)!.file);
}

describe('conv1d convert', () => {
  test('writes the state dict of a training checkpoint', async () => {
    const out = join(temporaryFolder(), 'model.safetensors');
    const { code, stdout, stderr } = await conv1d('convert', CHECKPOINT, out);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout.split('\n').map((line) => line.trimEnd())).toEqual([
      'tensor    dtype    shape',
      '0.weight  float32  8 x 2 x 3',
      '0.bias    float32  8',
      '2.weight  float32  1 x 8 x 1',
      '2.bias    float32  1',
      '4 tensors, 0.000260 MB',
      `${CHECKPOINT} -> ${out}`,
      '',
    ]);
    const { tensors, metadata } = await readSafetensors(out);
    expect({ ...metadata }).toEqual({ format: 'pt' });
    const net = new nn.Sequential(new nn.Conv1d(2, 8, 3), new nn.ReLU(), new nn.Conv1d(8, 1, 1));
    net.loadStateDict(tensors);
    const expected: StateDict = await loadCheckpoint(CHECKPOINT);
    for (const [name, value] of Object.entries(net.stateDict())) expect(value.data).toEqual(expected[name]!.data);
  });

  test('keeps integers and bools, and widens the others', async () => {
    const folder = temporaryFolder();
    const [input, out] = [join(folder, 'm.pt'), join(folder, 'm.safetensors')];
    writeFileSync(input, goldenFile('every dtype, legacy'));
    expect((await conv1d('convert', input, out)).code).toBe(0);
    const dtypes = Object.entries(headerOf(out)).map(([name, { dtype }]) => [name, dtype]);
    expect(Object.fromEntries(dtypes)).toMatchObject({
      bfloat16: 'F32',
      bool: 'BOOL',
      float16: 'F32',
      float32: 'F32',
      float64: 'F64',
      int16: 'I32',
      int32: 'I32',
      int64: 'I64',
      int8: 'I32',
      uint8: 'I32',
    });
  });

  test('chooses by --key and --prefix', async () => {
    const { stdout } = await conv1d('convert', CHECKPOINT, '--key', 'optimizer', '--prefix', 'state.1.', '--dry-run');
    expect(stdout).toMatch(/^state\.1\.step +float32 +scalar *$/m);
    expect(stdout).toContain('3 tensors');
  });

  test('turns the kernels of Keras, and others by name', async () => {
    const folder = temporaryFolder();
    const [input, out] = [join(folder, 'k.npz'), join(folder, 'k.safetensors')];
    writeFileSync(input, goldenFile('compressed'));
    const orders = ['--permute', 'fortran=1,0', '--permute', 'dense/kernel=0,1'];
    expect((await conv1d('convert', input, out, '--layout', 'keras', ...orders)).code).toBe(0);
    const header = headerOf(out);
    expect(header['conv/kernel']!.shape).toEqual([4, 2, 3]);
    expect(header['dense/kernel']!.shape).toEqual([2, 5]);
    expect(header.fortran!.shape).toEqual([3, 2]);
    expect(header.__metadata__).toBeUndefined();
  });

  test('reads .safetensors, whose metadata it keeps', async () => {
    const folder = temporaryFolder();
    const [input, out] = [join(folder, 'a.safetensors'), join(folder, 'b.safetensors')];
    const counts = tensor([1n, 2n ** 60n], { dtype: 'int64' });
    await saveSafetensors(input, { kernel: tensor([[1, 2, 3]]), counts }, { stride: '2' });
    expect((await conv1d('convert', input, out, '--layout', 'keras')).code).toBe(0);
    expect(headerOf(out)).toMatchObject({
      __metadata__: { stride: '2' },
      counts: { dtype: 'I64' },
      kernel: { shape: [3, 1] },
    });
    expect((await conv1d('convert', input, '--dry-run', '--key', 'x')).stderr).toContain('choose by --prefix');
  });

  test('replaces an output as a whole, and leaves nothing else', async () => {
    const folder = temporaryFolder();
    const out = join(folder, 'm.safetensors');
    writeFileSync(out, 'old');
    expect((await conv1d('convert', CHECKPOINT, out)).code).toBe(0);
    expect(statSync(out).size).toBeGreaterThan(300);
    expect(readdirSync(folder)).toEqual(['m.safetensors']);
  });

  test('writes nothing with --dry-run', async () => {
    const folder = temporaryFolder();
    const { code, stdout } = await conv1d('convert', CHECKPOINT, join(folder, 'm.safetensors'), '--dry-run');
    expect(code).toBe(0);
    expect(stdout).toContain('4 tensors');
    expect(readdirSync(folder)).toEqual([]);
  });

  test('refuses a file that would run something, and keeps the output', async () => {
    const folder = temporaryFolder();
    const [input, out] = [join(folder, 'evil.pt'), join(folder, 'm.safetensors')];
    writeFileSync(input, bytesOf(golden.refused[0]!.file));
    writeFileSync(out, 'old');
    const { code, stdout, stderr } = await conv1d('convert', input, out);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/^conv1d: .*evil\.pt: its pickle asks for "posix\.system"/);
    expect(stderr.match(/\n/g)?.length).toBe(1);
    expect(readFileSync(out, 'utf8')).toBe('old');
    expect(existsSync('conv1d-was-here')).toBe(false);
  });

  test.each([
    [[], 2, 'missing the name of the output'],
    [['m.pt'], 2, 'must end in .safetensors'],
    [['m.safetensors', '--layout', 'tf'], 2, 'expected one of torch, keras'],
    [['m.safetensors', '--permute', 'x'], 2, 'NAME=2,1,0'],
    [['m.safetensors', '--max-bytes', '1e9'], 2, 'a whole number of bytes'],
    [['m.safetensors', '--max-bytes', '10'], 1, 'more than 10 bytes of memory'],
    [['m.safetensors', '--key', 'nothing'], 1, 'its keys are "model", "epoch", "optimizer"'],
    [['m.safetensors', '--permute', 'x=0'], 1, 'permute has "x", which is no tensor'],
    [['/nowhere/m.safetensors'], 1, 'cannot write /nowhere/m.safetensors: no such file or directory'],
  ])('refuses the arguments %j', async (args, code, says) => {
    const outcome = await conv1d('convert', CHECKPOINT, ...args);
    expect(outcome.stderr).toContain(says);
    expect(outcome.code).toBe(code);
    expect(existsSync('m.safetensors')).toBe(false);
  });

  test('refuses to write over its input', async () => {
    const path = join(temporaryFolder(), 'a.safetensors');
    await saveSafetensors(path, { x: tensor([1]) });
    const { code, stderr } = await conv1d('convert', path, path);
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: `conv1d: ${path} is the input; give the output another name\n`,
    });
  });
});
