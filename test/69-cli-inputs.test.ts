import {
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { separate } from '../lib/command/batch/collisions.ts';
import { ignoresCase } from '../lib/command/batch/ignoresCase.ts';
import { findInputs } from '../lib/command/batch/inputs.ts';
import { readNames } from '../lib/command/batch/nameList.ts';
import { main } from '../lib/command/cli/program.ts';
import { saveNpy } from '../lib/io/npy.ts';
import { rand } from '../lib/tensor/factories.ts';
import { contents, jsonLines, recordings, smallLayer } from './helpers/batch.ts';
import { conv1d, type Outcome, temporaryFolder } from './helpers/cli.ts';

// Permissions do not bind root, so the system's refusals are injected.
vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof import('node:fs/promises')>();
  return { ...real, readdir: vi.fn(real.readdir) };
});
const { readdir: realReaddir } = await vi.importActual<typeof import('node:fs/promises')>('node:fs/promises');

/** Makes the system refuse to list a folder; `before` is what happens when somebody asks. */
function refuse(path: string, code: string, errno: number, before = (): void => {}): void {
  vi.mocked(readdir).mockImplementation((async (folder: string, options: object) => {
    if (folder === path) {
      before();
      throw Object.assign(new Error(code), { code, errno });
    }
    return realReaddir(folder, options as never);
  }) as unknown as typeof readdir);
}
beforeEach(() => {
  vi.mocked(readdir).mockImplementation(realReaddir);
});

// On Windows, only some users may make links.
const describeLinks = describe.skipIf(process.platform === 'win32');

/** A folder `in` with a.wav, b/c.wav and b/d.wav, and a layer. */
async function scene() {
  const folder = temporaryFolder();
  const { weights } = await smallLayer(folder);
  const input = join(folder, 'in');
  recordings(input, ['a.wav', 'b/c.wav', 'b/d.wav']);
  return { folder, weights, input, out: join(folder, 'out') };
}

async function conv1dWith(stdin: readonly Uint8Array[], ...argv: string[]): Promise<Outcome> {
  const [stdout, stderr]: [string[], string[]] = [[], []];
  async function* bytes() {
    yield* stdin;
  }
  const code = await main(argv, {
    stdin: bytes(),
    stdout: { write: (text) => stdout.push(text) },
    stderr: { write: (text) => stderr.push(text) },
  });
  return { code, stdout: stdout.join(''), stderr: stderr.join('') };
}

describeLinks('what a directory holds and cannot be read is a failure', () => {
  test.each([
    ['a directory', (input: string) => input],
    ['a pattern', (input: string) => join(input, '**/*.wav')],
  ])('%s with a folder that may not be listed', async (_, argument) => {
    const { weights, input, out } = await scene();
    refuse(join(input, 'b'), 'EACCES', -13);
    const { code, stderr } = await conv1d('run', weights, argument(input), '--out', out);
    expect(stderr).toBe(`conv1d: ${join(input, 'b')}: permission denied\n`);
    expect(code).toBe(3);
    expect(readdirSync(out)).toEqual(['a.npy']);
  });

  test('the directory itself, with exit code 1', async () => {
    const { weights, input, out } = await scene();
    refuse(input, 'EACCES', -13);
    const { code, stderr } = await conv1d('run', weights, input, '--out', out);
    expect({ code, stderr }).toEqual({ code: 1, stderr: `conv1d: ${input}: permission denied\n` });
  });

  test('a folder that is removed while it is looked into', async () => {
    const { weights, input, out } = await scene();
    const gone = join(input, 'b');
    refuse(gone, 'ENOENT', -2, () => rmSync(gone, { recursive: true }));
    const { code, stderr } = await conv1d('run', weights, input, '--out', out);
    expect({ code, stderr }).toEqual({ code: 3, stderr: `conv1d: ${gone}: no such file or directory\n` });
  });

  test('a folder behind a link is named by the link', async () => {
    const { weights, input, out, folder } = await scene();
    mkdirSync(join(folder, 'far'));
    symlinkSync(join(folder, 'far'), join(input, 'link'));
    refuse(realpathSync(join(folder, 'far')), 'EIO', -5);
    const { stderr } = await conv1d('run', weights, input, '--out', out);
    expect(stderr).toBe(`conv1d: ${join(input, 'link')}: i/o error\n`);
  });

  const links: [name: string, target: string, says: string][] = [
    [
      'a relative link',
      '../gone.wav',
      'a link to ../gone.wav, which is not there; put the file there, or remove the link',
    ],
    [
      'a file of git-annex that is not here',
      '.git/annex/objects/Xk/9w/SHA256E-s9--ab.wav/SHA256E-s9--ab.wav',
      'a link to .git/annex/objects/Xk/9w/SHA256E-s9--ab.wav/SHA256E-s9--ab.wav, which is not there; git annex get fetches it',
    ],
    ['a link to itself', 'x.wav', 'too many symbolic links encountered'],
  ];
  describe.each(links)('%s', (_, target, says) => {
    test.each([
      ['a directory', (input: string) => input],
      ['a pattern', (input: string) => join(input, '**/*.wav')],
    ])('in %s', async (_, argument) => {
      const { weights, input, out } = await scene();
      symlinkSync(target, join(input, 'x.wav'));
      const { code, stderr } = await conv1d('run', weights, argument(input), '--out', out);
      expect({ code, stderr }).toEqual({ code: 3, stderr: `conv1d: ${join(input, 'x.wav')}: ${says}\n` });
      expect(Object.keys(contents(out))).toEqual(['a.npy', 'b/c.npy', 'b/d.npy']);
    });

    test('by its name, and in a list', async () => {
      const { weights, input, out } = await scene();
      const link = join(input, 'x.wav');
      symlinkSync(target, link);
      const expected = { code: 1, stderr: `conv1d: ${link}: ${says}\n` };
      expect(await conv1d('run', weights, link, '--out', out)).toMatchObject(expected);
      expect(await conv1dWith([Buffer.from(link)], 'run', weights, '-', '--out', out)).toMatchObject(expected);
    });
  });
});

describeLinks('files of kinds that are not read', () => {
  test('are counted in one line, and are no failure', async () => {
    const { weights, input, out } = await scene();
    for (const name of ['1.flac', '2.FLAC', 'b/3.flac', 'b/4.mp3', 'README', '.hidden.flac', 'conv1d-manifest.jsonl']) {
      writeFileSync(join(input, name), '');
    }
    symlinkSync('1.flac', join(input, '5.flac'));
    const { code, stderr } = await conv1d('run', weights, input, '--out', out);
    expect(stderr).toBe('conv1d: 6 files of other kinds (.flac 4, .mp3 1, without extension 1) were left out\n');
    expect(code).toBe(0);
  });

  test('a single one is one file', async () => {
    const { weights, input, out } = await scene();
    writeFileSync(join(input, 'x.ogg'), '');
    const { stderr } = await conv1d('run', weights, input, '--out', out);
    expect(stderr).toBe('conv1d: 1 file of another kind (.ogg 1) was left out\n');
  });

  test('are told of where there is nothing else', async () => {
    const { weights, folder, out } = await scene();
    mkdirSync(join(folder, 'songs'));
    writeFileSync(join(folder, 'songs', 'x.mp3'), '');
    const { code, stderr } = await conv1d('run', weights, join(folder, 'songs'), '--out', out);
    expect(stderr).toBe(
      `conv1d: 1 file of another kind (.mp3 1) was left out\nconv1d: ${join(folder, 'songs')}: this directory has no .wav or .npy files\n`,
    );
    expect(code).toBe(1);
  });
});

describeLinks('outputs are no inputs', () => {
  type Scene = Awaited<ReturnType<typeof scene>>;
  const ways: [way: string, prepare: (scene: Scene) => { argument: string; out: string; more?: string[] }][] = [
    ['--out in the directory', ({ input }) => ({ argument: input, out: join(input, 'out') })],
    [
      '--out in the directory, with a pattern',
      ({ input }) => ({ argument: join(input, '**/*'), out: join(input, 'out') }),
    ],
    [
      'the directory named by a link',
      ({ folder, input }) => {
        symlinkSync(input, join(folder, 'way'));
        return { argument: join(folder, 'way'), out: join(input, 'out') };
      },
    ],
    [
      '--out named by a link',
      ({ folder, input }) => {
        symlinkSync(input, join(folder, 'way'));
        return { argument: input, out: join(folder, 'way', 'out') };
      },
    ],
    [
      'a link in the directory to --out',
      ({ input, out }) => {
        symlinkSync(out, join(input, 'latest'));
        return { argument: input, out };
      },
    ],
    [
      'a link in the directory to an output',
      ({ input, out }) => {
        mkdirSync(out);
        writeFileSync(join(out, 'a.npy'), '');
        symlinkSync(join(out, 'a.npy'), join(input, 'latest.npy'));
        return { argument: input, out };
      },
    ],
    ['--out equal to the directory', ({ input }) => ({ argument: input, out: input })],
    [
      '--out equal to the directory, and --resume',
      ({ input }) => ({ argument: input, out: input, more: ['--resume'] }),
    ],
    [
      '--out equal to the directory by way of a link',
      ({ folder, input }) => {
        symlinkSync(input, join(folder, 'way'));
        return { argument: input, out: join(folder, 'way') };
      },
    ],
  ];
  test.each(ways)('%s', async (_, prepare) => {
    const given = await scene();
    const { argument, out, more = [] } = prepare(given);
    const run = ['run', given.weights, argument, '--out', out, '--json', ...more];
    const { code, stdout, stderr } = await conv1d(...run);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(jsonLines(stdout).at(-1)).toMatchObject({ files: 3, written: 3 });
    const before = Object.keys(contents(given.folder));
    const again = await conv1d(...run, '--resume');
    expect({ code: again.code, stderr: again.stderr }).toEqual({ code: 0, stderr: '' });
    // So few files are noted in a manifest only where it is needed, or asked for.
    const skipped = realpathSync(out) === realpathSync(given.input) ? 3 : 0;
    expect(jsonLines(again.stdout).at(-1)).toMatchObject({ files: 3, skipped, written: 3 - skipped });
    expect(Object.keys(contents(given.folder))).toEqual(before);
  });

  test.each([
    ['with its line', (line: string) => !line.includes('"output":"b/c.npy"')],
    ['whose line is lost', (line: string) => !line.includes('"output":"b/c.npy"') || line.includes('"outputBytes":-1')],
  ])('that a killed run has left beside its input, %s, is written again', async (_, isThere) => {
    const { weights, input } = await scene();
    const run = ['run', weights, input, '--out', input, '--json'];
    expect((await conv1d(...run)).code).toBe(0);
    const manifest = join(input, 'conv1d-manifest.jsonl');
    const lines = readFileSync(manifest, 'utf8').trimEnd().split('\n');
    writeFileSync(manifest, `${lines.filter(isThere).join('\n')}\n`);
    if (!lines.filter(isThere).join().includes('b/c.npy')) rmSync(join(input, 'b', 'c.npy'));
    const { code, stdout } = await conv1d(...run, '--resume');
    expect(code).toBe(0);
    expect(jsonLines(stdout).at(-1)).toMatchObject({ files: 3, written: 1, skipped: 2 });
  });

  test('in a list with --base, they are left out; without, they are named on purpose', async () => {
    const { weights, input } = await scene();
    const out = join(input, 'out');
    await conv1d('run', weights, input, '--out', out);
    const list = Buffer.from(['a.wav', 'out/a.npy'].map((name) => join(input, name)).join('\n'));
    const argv = ['run', weights, '-', '--json', '--out'];
    const based = await conv1dWith([list], ...argv, out, '--base', input);
    expect(jsonLines(based.stdout).at(-1)).toMatchObject({ files: 1, written: 1 });
    const named = await conv1dWith([Buffer.from(join(out, 'a.npy'))], ...argv, join(out, 'second'));
    expect(jsonLines(named.stdout).at(-1)).toMatchObject({ files: 1 });
  });

  test('an array beside a recording that no manifest calls an output is not written over', async () => {
    const { weights, input } = await scene();
    await saveNpy(join(input, 'a.npy'), rand(1, 100));
    const { code, stderr } = await conv1d('run', weights, input, '--out', input);
    expect(stderr).toMatch(/a\.npy and .*a\.wav would both become .*a\.npy; /);
    expect(code).toBe(2);
  });
});

describeLinks('a file that is named twice is one input', () => {
  type Case = [way: string, prepare: (input: string) => string[]];
  const cases: Case[] = [
    ['by its name', (input) => [join(input, 'a.wav'), join(input, 'a.wav')]],
    ['by another spelling of its name', (input) => [join(input, 'a.wav'), `${input}/./b/../a.wav`]],
    ['by a name that is relative', (input) => [join(input, 'a.wav'), relative(process.cwd(), join(input, 'a.wav'))]],
    ['by its name and a pattern', (input) => [join(input, 'a.wav'), join(input, '*.wav')]],
    [
      'by a link of the same name',
      (input) => {
        mkdirSync(join(input, 'c'));
        symlinkSync('../a.wav', join(input, 'c', 'a.wav'));
        return [join(input, 'a.wav'), join(input, 'c', 'a.wav')];
      },
    ],
    [
      'by a hard link of the same name',
      (input) => {
        mkdirSync(join(input, 'c'));
        linkSync(join(input, 'a.wav'), join(input, 'c', 'a.wav'));
        return [join(input, 'a.wav'), join(input, 'c', 'a.wav')];
      },
    ],
    ['when it does not exist', (input) => [join(input, 'no.wav'), `${input}/./no.wav`]],
  ];
  test.each(cases)('%s', async (_, prepare) => {
    const { weights, input, out } = await scene();
    const { stdout } = await conv1d('run', weights, ...prepare(input), '--out', out, '--json');
    expect(jsonLines(stdout).at(-1)).toMatchObject({ files: 1 });
  });

  test('in a list, and with a second -', async () => {
    const { weights, input, out } = await scene();
    const list = Buffer.from(`${join(input, 'a.wav')}\n${join(input, 'a.wav')}\n`);
    const { code, stdout } = await conv1dWith([list], 'run', weights, '-', '-', '--out', out, '--json');
    expect(code).toBe(0);
    expect(jsonLines(stdout).at(-1)).toMatchObject({ files: 1, written: 1 });
  });

  const loops: [about: string, links: Record<string, string>][] = [
    ['to the folder it is in', { 'b/loop': '.' }],
    ['to the folder above', { 'b/loop': '..' }],
    ['to a folder above the directory', { loop: '../..' }],
    ['from one folder to another and back', { 'b/way': '../c', 'c/back': '../b' }],
  ];
  test.each(loops)('when a link leads in a circle: %s', async (_, links) => {
    const { input, out } = await scene();
    mkdirSync(join(input, 'c'));
    for (const [name, target] of Object.entries(links)) symlinkSync(target, join(input, name));
    const { inputs, refused } = await findInputs([input], { out, base: undefined, list: readNames(nothing(), '\n') });
    expect(refused).toEqual([]);
    const names = inputs.map(({ path }) => relative(input, path));
    // b/c.wav is seen by way of c/back, too: another name, and no circle.
    const other = links['c/back'] === undefined ? [] : ['c/back/c.wav', 'c/back/d.wav'];
    expect(names).toEqual(['a.wav', 'b/c.wav', 'b/d.wav', ...other]);
  });

  test('a link to a folder beside is another name, and its files are convolved under it', async () => {
    const { weights, input, out } = await scene();
    symlinkSync('b', join(input, 'e'));
    expect((await conv1d('run', weights, input, '--out', out)).code).toBe(0);
    expect(Object.keys(contents(out))).toEqual(['a.npy', 'b/c.npy', 'b/d.npy', 'e/c.npy', 'e/d.npy']);
  });
});

describe('names that differ only in case', () => {
  const inputs = ['x.wav', 'X.wav', 'É.wav', 'e\u0301.wav'].map((path) => ({ path, base: '.' }));

  test('collide where the file system of --out ignores case', async () => {
    const { collision } = await separate(inputs, async () => true);
    expect(collision).toEqual([inputs[0], inputs[1]]);
    expect((await separate(inputs.slice(2), async () => true)).collision).toEqual(inputs.slice(2));
  });

  test('are two files where it does not, and a third with either name still collides', async () => {
    expect(await separate(inputs, async () => false)).toEqual({ inputs, collision: undefined });
    const third = { path: 'X.npy', base: '.' };
    expect((await separate([...inputs, third], async () => false)).collision).toEqual([inputs[1], third]);
  });

  test('are tried in the folder that the outputs will lie in, and nothing is left of that', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'case'), '');
    const expected = existsSync(join(folder, 'CASE'));
    expect(await ignoresCase(join(folder, 'not', 'there', 'yet'))).toBe(expected);
    expect(readdirSync(folder)).toEqual(['case']);
  });

  test('become outputs as the file system has it', async () => {
    const { weights, folder, out } = await scene();
    const paths = recordings(folder, ['one/x.wav', 'two/X.wav']);
    const { code } = await conv1d('run', weights, ...paths, '--out', out);
    const expected = (await ignoresCase(folder)) ? { code: 2, files: [] } : { code: 0, files: ['X.npy', 'x.npy'] };
    expect({ code, files: existsSync(out) ? readdirSync(out).sort() : [] }).toEqual(expected);
  });
});

describe('a list that cannot be used is one sentence that says what to do', () => {
  const lists: [about: string, list: Buffer, flags: string[], says: string][] = [
    [
      'of find -print0 without -0',
      Buffer.from('a.wav\0b.wav\0'),
      [],
      'the list on stdin has NULs; use -0 when find -print0 writes it, or iconv -f UTF-16 -t UTF-8 when it is UTF-16',
    ],
    [
      'in UTF-16 without a mark',
      Buffer.from('a.wav\n', 'utf16le'),
      [],
      'the list on stdin has NULs; use -0 when find -print0 writes it, or iconv -f UTF-16 -t UTF-8 when it is UTF-16',
    ],
    ...([[], ['-0']] as const).flatMap((flags) =>
      ([Buffer.from('\u{feff}a.wav\n', 'utf16le'), Buffer.from('\u{feff}a.wav\n', 'utf16le').swap16()] as const).map(
        (list): [string, Buffer, string[], string] => [
          `in UTF-16 that begins with ${list[0]} ${flags.join('')}`,
          list,
          [...flags],
          'the list on stdin is UTF-16; make it UTF-8, for example with iconv -f UTF-16 -t UTF-8',
        ],
      ),
    ),
    [
      'of lines with -0',
      Buffer.from('a.wav\nb.wav\n'),
      ['-0'],
      'the list on stdin has lines, and -0 is for names with a NUL after each; leave -0 out',
    ],
    ['that is empty', Buffer.from(''), [], '-: the list on stdin is empty; give it a file name a line'],
    ['of empty lines', Buffer.from('\n\r\n'), [], '-: the list on stdin is empty; give it a file name a line'],
  ];
  test.each(lists)('%s', async (_, list, flags, says) => {
    const { weights, out } = await scene();
    for (const pieces of [[list], [...list].map((byte) => Buffer.from([byte]))]) {
      const { code, stdout, stderr } = await conv1dWith(pieces, 'run', weights, '-', '--out', out, ...flags);
      expect({ code, stdout, stderr }).toEqual({ code: 1, stdout: '', stderr: `conv1d: ${says}\n` });
    }
    expect(existsSync(out)).toBe(false);
  });

  test('that the system does not give', async () => {
    const { weights, out } = await scene();
    const stderr: string[] = [];
    async function* bytes(): AsyncGenerator<Uint8Array> {
      yield Buffer.from('a');
      throw Object.assign(new Error(), { code: 'EISDIR', errno: -21 });
    }
    const write = (text: string) => stderr.push(text);
    expect(
      await main(['run', weights, '-', '--out', out], { stdin: bytes(), stdout: { write }, stderr: { write } }),
    ).toBe(1);
    expect(stderr).toEqual(['conv1d: cannot read the list on stdin: illegal operation on a directory\n']);
  });

  test('with the mark of UTF-8 is read', async () => {
    const { weights, input, out } = await scene();
    const list = Buffer.from(`\u{feff}${join(input, 'a.wav')}\n`);
    expect((await conv1dWith([list], 'run', weights, '-', '--out', out)).code).toBe(0);
  });
});

// Where names are bytes: on macOS and Windows they are Unicode.
describe.skipIf(process.platform !== 'linux')('a name that is not UTF-8', () => {
  const latin1 = (folder: string, name: string): Buffer =>
    Buffer.concat([Buffer.from(`${folder}/`), Buffer.from(name, 'latin1')]);
  const says =
    'no such file or directory: the name is not UTF-8 where \u{fffd} stands; rename it, for example with convmv -f latin1 -t utf8 --notest';

  test('is a failure of its own, in a directory, a list, by itself, and of weights', async () => {
    const { weights, input, out } = await scene();
    for (const name of ['é.wav', 'è.wav']) writeFileSync(latin1(input, name), '');
    mkdirSync(latin1(input, 'ä'));
    const shown = join(input, '\u{fffd}.wav');
    const found = await conv1d('run', weights, input, '--out', out);
    const sentence = (path: string): string => `conv1d: ${path}: ${says}\n`;
    expect(found.stderr).toBe(sentence(shown).repeat(2) + sentence(join(input, '\u{fffd}')));
    expect(found.code).toBe(3);
    const list = await conv1dWith([latin1(input, 'é.wav')], 'run', weights, '-', '--out', out);
    expect({ code: list.code, stderr: list.stderr }).toEqual({ code: 1, stderr: sentence(shown) });
    const named = await conv1d('run', weights, shown, '--out', out);
    expect({ code: named.code, stderr: named.stderr }).toEqual({ code: 1, stderr: sentence(shown) });
    const model = join(input, 'mod\u{fffd}le.safetensors');
    expect((await conv1d('run', model, join(input, 'a.wav'), '--out', out)).stderr).toBe(sentence(model));
  });

  test('is refused for --out and --base, where a folder of another name would be made', async () => {
    const { weights, input, out } = await scene();
    const other = `${out}-\u{fffd}`;
    for (const flags of [
      ['--out', other],
      ['--out', out, '--base', other],
    ]) {
      const { code, stderr } = await conv1d('run', weights, input, ...flags);
      expect(stderr).toMatch(/^conv1d: .*expected a name in UTF-8, which this one is not where \u{fffd} stands\n$/u);
      expect(code).toBe(2);
    }
    expect(existsSync(other)).toBe(false);
  });

  test('and has the letter \u{fffd} itself is a name like any other', async () => {
    const { weights, folder } = await scene();
    const [path] = recordings(folder, ['\u{fffd}.wav']);
    const out = join(folder, 'out \u{fffd}');
    mkdirSync(out);
    expect((await conv1d('run', weights, path!, '--out', out)).code).toBe(0);
    expect(statSync(join(out, '\u{fffd}.npy')).isFile()).toBe(true);
  });
});

async function* nothing(): AsyncGenerator<Uint8Array> {}
