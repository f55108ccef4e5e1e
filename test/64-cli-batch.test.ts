import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { PassThrough } from 'node:stream';
import { tableFromIPC } from 'apache-arrow';
import { describe, expect, test, vi } from 'vitest';
import { separate } from '../lib/command/batch/collisions.ts';
import { findInputs, outputName } from '../lib/command/batch/inputs.ts';
import { readNames } from '../lib/command/batch/nameList.ts';
import { main } from '../lib/command/cli/program.ts';
import { loadNpy, saveNpy } from '../lib/io/npy.ts';
import { loadSafetensors, saveSafetensors } from '../lib/io/safetensors.ts';
import { loadWav } from '../lib/io/wav.ts';
import { Conv1d } from '../lib/nn/conv1d.ts';
import { rand } from '../lib/tensor/factories.ts';
import { contents, jsonLines, numbered, recordings, smallLayer } from './helpers/batch.ts';
import { conv1d, type Outcome, temporaryFolder } from './helpers/cli.ts';

/** Runs the command with something on stdin. */
async function conv1dWith(stdin: readonly (string | Uint8Array)[], ...argv: string[]): Promise<Outcome> {
  const [stdout, stderr]: string[][] = [[], []];
  async function* bytes() {
    for (const piece of stdin) yield Buffer.from(piece);
  }
  const code = await main(argv, {
    stdin: bytes(),
    stdout: { write: (text) => stdout!.push(text) },
    stderr: { write: (text) => stderr!.push(text) },
  });
  return { code, stdout: stdout!.join(''), stderr: stderr!.join('') };
}

describe('inputs', () => {
  test('a directory stands for the .wav and .npy files below it, and the output keeps its tree', async () => {
    const folder = temporaryFolder();
    const { weights, conv } = await smallLayer(folder);
    recordings(join(folder, 'in'), ['a.wav', 'b/c.WAV', 'b/d/e.wav', '.hidden.wav', '.trash/f.wav']);
    writeFileSync(join(folder, 'in', 'notes.txt'), 'no recording');
    await saveNpy(join(folder, 'in', 'b', 'x.npy'), rand(1, 30));
    const out = join(folder, 'out');
    expect((await conv1d('run', weights, join(folder, 'in'), '--out', out)).code).toBe(0);
    expect(Object.keys(contents(out))).toEqual(['a.npy', 'b/c.npy', 'b/d/e.npy', 'b/x.npy']);
    const { samples } = await loadWav(join(folder, 'in/b/d/e.wav'));
    expect((await loadNpy(join(out, 'b/d/e.npy'))).data).toEqual(conv.forward(samples).data);
  });

  test('a pattern is matched by the command, and keeps the folders from its first wildcard on', async () => {
    const folder = temporaryFolder();
    const { weights } = await smallLayer(folder);
    recordings(join(folder, 'in'), ['a/x1.wav', 'a/y1.wav', 'b/x2.wav']);
    const out = join(folder, 'out');
    expect((await conv1d('run', weights, join(folder, 'in/*/x*.wav'), '--out', out)).code).toBe(0);
    expect(Object.keys(contents(out))).toEqual(['a/x1.npy', 'b/x2.npy']);
  });

  test('a folder whose name looks like a pattern is that folder', async () => {
    const folder = temporaryFolder();
    const { weights } = await smallLayer(folder);
    recordings(folder, ['rec (1) [a]/x1.wav', 'rec (1) [a]/y1.wav', 'rec 1/x1.wav']);
    const out = join(folder, 'out');
    expect((await conv1d('run', weights, join(folder, 'rec (1) [a]/x*.wav'), '--out', out)).code).toBe(0);
    expect(Object.keys(contents(out))).toEqual(['x1.npy']);
  });

  test('a file whose name looks like a pattern is that file', async () => {
    const folder = temporaryFolder();
    const { weights } = await smallLayer(folder);
    const [star] = recordings(folder, ['take [1].wav', 'take 1.wav']);
    const out = join(folder, 'out');
    expect((await conv1d('run', weights, star!, '--out', out)).code).toBe(0);
    expect(Object.keys(contents(out))).toEqual(['take [1].npy']);
  });

  test.each([
    ['lines', [], (paths: string[]) => `${paths.join('\r\n')}\n\n`],
    ['names with a NUL after each', ['-0'], (paths: string[]) => `${paths.join('\0')}\0`],
    ['no separator at the end', [], (paths: string[]) => paths.join('\n')],
  ])('- takes names from stdin: %s', async (_, flags, format) => {
    const folder = temporaryFolder();
    const { weights } = await smallLayer(folder);
    const paths = recordings(folder, ['ä.wav', 'a b.wav', 'c.wav']);
    const bytes = Buffer.from(format(paths));
    const out = join(folder, 'out');
    // Cut in the middle of a letter.
    const cut = bytes.indexOf(0xc3) + 1;
    const stdin = [bytes.subarray(0, cut), bytes.subarray(cut)];
    const { code, stderr } = await conv1dWith(stdin, 'run', weights, '-', '--out', out, ...flags);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(readdirSync(out).sort()).toEqual(['a b.npy', 'c.npy', 'ä.npy']);
  });

  test('--base keeps the folders of files, too, and refuses those that lie elsewhere', async () => {
    const folder = temporaryFolder();
    const { weights } = await smallLayer(folder);
    const paths = recordings(folder, ['in/a/x.wav', 'in/b/x.wav']);
    const [base, out] = [join(folder, 'in'), join(folder, 'out')];
    expect((await conv1d('run', weights, ...paths, '--out', out)).code).toBe(2);
    expect((await conv1d('run', weights, ...paths, '--out', out, '--base', base)).code).toBe(0);
    expect(Object.keys(contents(out))).toEqual(['a/x.npy', 'b/x.npy']);
    const { code, stderr } = await conv1d('run', weights, ...paths, '--out', out, '--base', join(base, 'a'));
    expect(stderr).toBe(`conv1d: ${paths[1]} does not lie below --base ${join(base, 'a')}\n`);
    expect(code).toBe(2);
  });

  test('what lies in --out is no input of a directory around it', async () => {
    const folder = temporaryFolder();
    const { weights } = await smallLayer(folder);
    recordings(folder, ['a.wav']);
    const out = join(folder, 'out');
    for (let runs = 0; runs < 2; runs++) {
      expect((await conv1d('run', weights, folder, '--out', out)).code).toBe(0);
      expect(readdirSync(out)).toEqual(['a.npy']);
    }
  });

  test('a directory or a pattern without files is refused, and the others are written', async () => {
    const folder = temporaryFolder();
    const { weights } = await smallLayer(folder);
    const [good] = recordings(folder, ['good.wav']);
    mkdirSync(join(folder, 'empty'));
    const [empty, pattern] = [join(folder, 'empty'), join(folder, 'no*.wav')];
    const out = join(folder, 'out');
    const { code, stderr } = await conv1d('run', weights, empty, pattern, good!, '--out', out);
    expect(stderr).toBe(
      `conv1d: ${empty}: this directory has no .wav or .npy files\nconv1d: ${pattern}: no such file, and as a pattern it matches none\n`,
    );
    expect(code).toBe(3);
    expect(readdirSync(out)).toEqual(['good.npy']);
  });

  test('two files that would become the same are found among many', async () => {
    const inputs = numbered(5000).map((name) => ({ path: `in/${name}`, base: 'in' }));
    const never = async () => false;
    expect(await separate(inputs, never)).toEqual({ inputs, collision: undefined });
    const twin = { path: 'in/4711.NPY', base: 'in' };
    expect((await separate([...inputs, twin], never)).collision).toEqual([inputs[4711], twin]);
  });

  test('findInputs sorts what it finds; names are relative to the base', async () => {
    const folder = temporaryFolder();
    recordings(folder, ['b.wav', 'a/z.wav', 'a.wav']);
    const list = readNames(new PassThrough().end(), '\n');
    const { inputs, refused } = await findInputs([folder], { out: join(folder, 'out'), base: undefined, list });
    expect(refused).toEqual([]);
    expect(inputs.map(({ path }) => relative(folder, path))).toEqual(['a.wav', join('a', 'z.wav'), 'b.wav']);
    expect(inputs.map(outputName)).toEqual(['a', join('a', 'z'), 'b']);
  });
});

describe('many files', () => {
  test('end in a summary, with a line each where there is no terminal, and a manifest', async () => {
    const folder = temporaryFolder();
    const { weights, conv } = await smallLayer(folder);
    const paths = recordings(join(folder, 'in'), numbered(30));
    const out = join(folder, 'out');
    const { code, stdout, stderr } = await conv1d('run', weights, join(folder, 'in'), '--out', out);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const lines = stdout.trim().split('\n');
    expect(lines.slice(0, 30).sort()).toEqual(
      paths.map((path, i) => `${path} -> ${join(out, `${String(i).padStart(3, '0')}.npy`)}`),
    );
    // A line of the fast algorithms may follow.
    expect(lines.slice(30, 32)).toEqual([
      '30 files: 30 written',
      expect.stringMatching(/^[\d.]+ MB in [\d.]+ s, [\d.]+ files a second, [\d.]+ x real time$/),
    ]);
    for (const [i, path] of paths.entries()) {
      const { samples } = await loadWav(path);
      const features = await loadNpy(join(out, `${String(i).padStart(3, '0')}.npy`));
      expect(features.data).toEqual(conv.forward(samples).data);
    }
    expect(jsonLines(readFileSync(join(out, 'conv1d-manifest.jsonl'), 'utf8'))).toHaveLength(30);
  });

  test('on a terminal, a progress bar stands in for the lines, and failures stand above it', async () => {
    const folder = temporaryFolder();
    const { weights } = await smallLayer(folder);
    recordings(join(folder, 'in'), numbered(25));
    writeFileSync(join(folder, 'in', 'bad.wav'), 'not a recording');
    const screen: string[] = [];
    const progress = Object.assign(new PassThrough(), { isTTY: true, columns: 100, rows: 24 });
    vi.spyOn(progress, 'write').mockImplementation((text: unknown) => screen.push(String(text)) > 0);
    const stdout: string[] = [];
    const code = await main(['run', weights, join(folder, 'in'), '--out', join(folder, 'out')], {
      stdout: { write: (text) => stdout.push(text) },
      stderr: { write: (text) => screen.push(text) },
      progress: progress as unknown as NodeJS.WriteStream,
    });
    expect(code).toBe(3);
    expect(stdout.join('')).toMatch(/^26 files: 25 written, 1 failed\n/);
    expect(screen.join('')).toContain('of 26 files');
    expect(screen.join('')).toMatch(/\r.\[Kconv1d: [^\n]*bad\.wav: [^\n]*\n/);
  });

  test('--json gives an object a line for each file, and one for the run', async () => {
    const folder = temporaryFolder();
    const { weights } = await smallLayer(folder);
    const [good] = recordings(folder, ['good.wav']);
    const bad = join(folder, 'missing.wav');
    const out = join(folder, 'out');
    const { code, stdout } = await conv1d('run', weights, good!, bad, '--out', out, '--json', '--plot');
    expect(code).toBe(3);
    const [first, second, summary] = jsonLines(stdout).sort((a, b) => String(b.status).localeCompare(String(a.status)));
    expect(first).toEqual({
      event: 'file',
      status: 'written',
      input: good,
      output: join(out, 'good.npy'),
      picture: join(out, 'good.png'),
      shape: [4, 98],
      seconds: 0.025,
      inputBytes: 444,
      outputBytes: 128 + 4 * 98 * 4,
      milliseconds: expect.any(Number),
      algorithm: expect.stringMatching(/\w/),
    });
    expect([second, summary]).toContainEqual({
      event: 'file',
      status: 'failed',
      input: bad,
      output: join(out, 'missing.npy'),
      error: `${bad}: no such file or directory`,
    });
    expect([second, summary]).toContainEqual({
      event: 'summary',
      files: 2,
      written: 1,
      skipped: 0,
      failed: 1,
      seconds: expect.any(Number),
      audioSeconds: 0.025,
      inputBytes: 444,
      outputBytes: 128 + 4 * 98 * 4,
    });
  });

  test('--strict begins no file after one that failed', async () => {
    const folder = temporaryFolder();
    const { weights } = await smallLayer(folder);
    recordings(join(folder, 'in'), numbered(200));
    writeFileSync(join(folder, 'in', '000.wav'), 'not a recording');
    const out = join(folder, 'out');
    const argv = ['run', weights, join(folder, 'in'), '--out', out];
    const { code, stdout, stderr } = await conv1d(...argv, '--strict');
    expect(stderr).toMatch(
      /000\.wav: .*\nconv1d: \d+ of 200 files are left; the same command with --resume does them\n$/,
    );
    expect(stdout).toMatch(/200 files: \d+ written, 1 failed, \d+ left\n/);
    expect([1, 3]).toContain(code);
    expect(Object.keys(contents(out)).length).toBeLessThan(100);
    expect((await conv1d(...argv)).code).toBe(3);
    expect(Object.keys(contents(out))).toHaveLength(199);
  });

  test('bad files are told of, one line each, and the others are written', async () => {
    const folder = temporaryFolder();
    const { weights } = await smallLayer(folder);
    recordings(join(folder, 'in'), numbered(40));
    for (const name of ['003.wav', '017.wav', '039.wav']) writeFileSync(join(folder, 'in', name), 'RIFF');
    const out = join(folder, 'out');
    const { code, stderr } = await conv1d('run', weights, join(folder, 'in'), '--out', out);
    expect(code).toBe(3);
    expect(stderr.match(/^conv1d: .*(003|017|039)\.wav: .*$/gm)).toHaveLength(3);
    expect(Object.keys(contents(out))).toHaveLength(37);
  });

  test('all files bad is exit code 1', async () => {
    const folder = temporaryFolder();
    const { weights } = await smallLayer(folder);
    mkdirSync(join(folder, 'in'));
    for (const name of numbered(25)) writeFileSync(join(folder, 'in', name), 'RIFF');
    expect((await conv1d('run', weights, join(folder, 'in'), '--out', join(folder, 'out'))).code).toBe(1);
  });
});

describe('output formats', () => {
  test('safetensors holds the features under that name', async () => {
    const folder = temporaryFolder();
    const { weights, conv } = await smallLayer(folder);
    const [path] = recordings(folder, ['a.wav']);
    const out = join(folder, 'out');
    expect((await conv1d('run', weights, path!, '--out', out, '--format', 'safetensors')).code).toBe(0);
    const { features } = await loadSafetensors(join(out, 'a.safetensors'));
    expect(features!.shape).toEqual([4, 98]);
    expect(features!.data).toEqual(conv.forward((await loadWav(path!)).samples).data);
  });

  test('arrow holds a row for each step in time, with the vector of features', async () => {
    const folder = temporaryFolder();
    const { weights, conv } = await smallLayer(folder);
    const [path] = recordings(folder, ['a.wav']);
    const out = join(folder, 'out');
    const { code, stderr } = await conv1d('run', weights, path!, '--out', out, '--format', 'arrow');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const table = tableFromIPC(readFileSync(join(out, 'a.arrow')));
    expect(table.schema.fields.map(String)).toEqual([
      'item: Int32',
      'step: Int32',
      'time: Float64',
      'features: FixedSizeList[4]<Float32>',
    ]);
    expect(table.schema.metadata).toEqual(
      new Map([
        ['conv1d.shape', '[4,98]'],
        ['conv1d.sample_rate', '8000'],
      ]),
    );
    expect(table.numRows).toBe(98);
    const expected = conv.forward((await loadWav(path!)).samples);
    for (const step of [0, 1, 97]) {
      const row = table.get(step)!;
      expect([row.item, row.step, row.time]).toEqual([0, step, (2 * step + 2) / 8000]);
      expect(Array.from(row.features as Iterable<number>)).toEqual(
        [0, 1, 2, 3].map((channel) => expected.at(channel, step).item()),
      );
    }
  });

  test('arrow of a batch of float64 names the items, and has no times', async () => {
    const folder = temporaryFolder();
    const conv = new Conv1d(2, 35, 3, { dtype: 'float64', algorithm: 'fast' });
    const weights = join(folder, 'w.safetensors');
    await saveSafetensors(weights, conv.stateDict());
    const x = rand(3, 2, 50, { dtype: 'float64' });
    await saveNpy(join(folder, 'x.npy'), x);
    const out = join(folder, 'out');
    expect((await conv1d('run', weights, join(folder, 'x.npy'), '--out', out, '--format', 'arrow')).code).toBe(0);
    const table = tableFromIPC(readFileSync(join(out, 'x.arrow')));
    const expected = conv.forward(x);
    expect(table.numRows).toBe(3 * 48);
    expect(table.getChild('time')!.nullCount).toBe(3 * 48);
    for (const [item, step] of [
      [0, 0],
      [1, 47],
      [2, 13],
    ] as const) {
      const row = table.get(item * 48 + step)!;
      expect([row.item, row.step, row.time]).toEqual([item, step, null]);
      const vector = Array.from(row.features as Iterable<number>);
      expect(vector).toEqual(Array.from({ length: 35 }, (_, channel) => expected.at(item, channel, step).item()));
    }
  });

  test('an unknown format is a usage error', async () => {
    const { code, stderr } = await conv1d('run', 'w.safetensors', 'x.wav', '--out', 'o', '--format', 'csv');
    expect(stderr).toMatch(/expected one of npy, npz, safetensors, arrow, wav/);
    expect(code).toBe(2);
  });
});
