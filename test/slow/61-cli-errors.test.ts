import { type SpawnSyncOptions, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, mkdirSync, openSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { saveNpy } from '../../lib/io/npy.ts';
import { saveSafetensors } from '../../lib/io/safetensors.ts';
import { cpuInfo } from '../../lib/native/runtime.ts';
import { Conv1d } from '../../lib/nn/conv1d.ts';
import { rand } from '../../lib/tensor/factories.ts';
import { withoutPackage } from '../helpers/batch.ts';
import { conv1d, repositoryFile, temporaryFolder, tone, wavFile } from '../helpers/cli.ts';

const FILTERBANK = repositoryFile('examples/filterbank.safetensors');
const SPEECH = repositoryFile('examples/speech.wav');

/** A refusal is one line that begins with the command's name, and nothing else. */
const sentence = (text: string): RegExp => new RegExp(`^conv1d: ${text}\n$`);

/** A path in such a sentence. */
const literal = (path: string): string => path.replaceAll('\\', '\\\\');

describe('a command line that makes no sense ends with exit code 2', () => {
  const run = ['run', 'w.safetensors', 'x.wav'];
  const cases: [argv: string[], says: string][] = [
    [['walk'], "unknown command 'walk'"],
    [['rum'], "unknown command 'rum' \\(Did you mean run\\?\\)"],
    [['--loud'], "unknown option '--loud'"],
    [['info', 'one.onnx', 'more'], "too many arguments for 'info'.*"],
    [['run', '--out', 'o'], "missing required argument 'weights'"],
    [['run', 'w.safetensors', '--out', 'o'], "missing required argument 'input'"],
    [run, "required option '--out <dir>' not specified"],
    [[...run, '--out'], "option '--out <dir>' argument missing"],
    [[...run, '--out', ''], '.*--out.* expected the name of a folder; . is this one'],
    [[...run, '--out', 'o', '--strid', '2'], "unknown option '--strid' \\(Did you mean --stride\\?\\)"],
    [[...run, '--out', 'o', '--stride', '0'], '.*--stride.* expected a whole number from 1 to 2147483647'],
    [[...run, '--out', 'o', '--stride', '-1'], '.*--stride.* expected a whole number from 1 .*'],
    [[...run, '--out', 'o', '--stride', '1.5'], '.*--stride.* expected a whole number from 1 .*'],
    [[...run, '--out', 'o', '--stride', ''], '.*--stride.* expected a whole number from 1 .*'],
    [[...run, '--out', 'o', '--dilation', '1e3'], '.*--dilation.* expected a whole number from 1 .*'],
    [[...run, '--out', 'o', '--groups', '99999999999'], '.*--groups.* expected a whole number from 1 .*'],
    [[...run, '--out', 'o', '--threads', 'many'], '.*--threads.* expected a whole number from 1 to 256'],
    [[...run, '--out', 'o', '--threads', '0'], '.*--threads.* expected a whole number from 1 to 256'],
    [[...run, '--out', 'o', '--threads', '257'], '.*--threads.* expected a whole number from 1 to 256'],
    [[...run, '--out', 'o', '--padding', 'some'], '.*--padding.* expected a number, LEFT,RIGHT, same, valid or causal'],
    [[...run, '--out', 'o', '--padding', '1,2,3'], '.*--padding.* expected a number, LEFT,RIGHT, same, .*'],
    [[...run, '--out', 'o', '--padding', '1,'], '.*--padding.* expected a number, LEFT,RIGHT, same, .*'],
    [[...run, '--out', 'o', '--padding', '-1'], '.*--padding.* expected a number, LEFT,RIGHT, same, .*'],
    [[...run, '--out', 'o', '--padding-mode', 'wrap'], '.*--padding-mode.* expected one of zeros, replicate, .*'],
  ];
  for (const [argv, says] of cases) {
    test(`conv1d ${argv.join(' ')}`, async () => {
      const { code, stdout, stderr } = await conv1d(...argv);
      expect(stderr).toMatch(sentence(says));
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    });
  }

  test('conv1d without a command prints the help on stderr', async () => {
    const { code, stdout, stderr } = await conv1d();
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain('Usage: conv1d');
  });

  test('two inputs that would become the same file are refused before anything is written', async () => {
    const folder = temporaryFolder();
    const out = join(folder, 'out');
    for (const [a, b] of [
      ['a/x.wav', 'b/x.wav'],
      ['x.wav', 'x.npy'],
    ] as const) {
      const { code, stderr } = await conv1d('run', FILTERBANK, a, b, '--out', out);
      expect(stderr).toMatch(
        sentence('.* and .* would both become .*; run them with different --out directories, or .*'),
      );
      expect(code).toBe(2);
    }
    expect(existsSync(out)).toBe(false);
  });
});

describe('an input that does not fit is refused with exit code 1, and nothing is written for it', () => {
  type Case = { name: string; bytes: Uint8Array | string; says: string };
  const cases: Case[] = [
    { name: 'song.mp3', bytes: 'ID3', says: 'inputs are .wav and .npy files; .*' },
    { name: 'noext', bytes: '', says: 'inputs are .wav and .npy files; .*' },
    { name: 'empty.wav', bytes: '', says: '.*' },
    { name: 'text.wav', bytes: 'RIFF of something else entirely, long enough for a header', says: '.*' },
    { name: 'cut.wav', bytes: wavFile(8000, tone(440, 8000, 800)).subarray(0, 700), says: '.*' },
    { name: 'empty.npy', bytes: '', says: '.*' },
    { name: 'text.npy', bytes: 'a,b\n1,2\n', says: '.*' },
    {
      name: 'stereo.wav',
      bytes: wavFile(8000, tone(440, 8000, 800), tone(550, 8000, 800)),
      says: 'has 2 channels, but the weights take 1; --mono mixes them down; to take one, e.g.: ffmpeg -i .*stereo.wav .*',
    },
    {
      name: 'short.wav',
      bytes: wavFile(16000, tone(440, 16000, 399)),
      says: "Calculated padded input size per channel: \\(399\\). Kernel size: \\(400\\). Kernel size can't be greater than actual input size",
    },
  ];
  for (const { name, bytes, says } of cases) {
    test(name, async () => {
      const folder = temporaryFolder();
      const out = join(folder, 'out');
      writeFileSync(join(folder, name), bytes);
      const { code, stdout, stderr } = await conv1d('run', FILTERBANK, join(folder, name), '--out', out, '--plot');
      expect(stderr).toMatch(sentence(`${literal(join(folder, name))}: ${says}`));
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
      expect(existsSync(out)).toBe(false);
    });
  }

  const shapes: [shape: [number, ...number[]], says: string][] = [
    [
      [500],
      'has shape \\[500\\], not \\(channels, length\\) or .*; save array.reshape\\(1, -1\\) for a single channel',
    ],
    [
      [1, 1, 1, 500],
      'Expected 2D \\(unbatched\\) or 3D \\(batched\\) input to conv1d, but got input of size: \\[1, 1, 1, 500\\]',
    ],
    [
      [2, 500],
      'Given groups=1, weight of size \\[402, 1, 400\\], expected .* to have 1 channels, but got 2 channels .*',
    ],
    [[1, 0], 'Calculated padded input size per channel: \\(0\\).*'],
  ];
  for (const [shape, says] of shapes) {
    test(`an array of shape [${shape.join(', ')}]`, async () => {
      const folder = temporaryFolder();
      const input = join(folder, 'x.npy');
      await saveNpy(input, rand(...shape));
      const { code, stderr } = await conv1d('run', FILTERBANK, input, '--out', join(folder, 'out'));
      expect(stderr).toMatch(sentence(`${literal(input)}: ${says}`));
      expect(code).toBe(1);
    });
  }

  test('a file that does not exist, and a folder', async () => {
    const folder = temporaryFolder();
    const out = join(folder, 'out');
    mkdirSync(join(folder, 'dir.wav'));
    const missing = await conv1d('run', FILTERBANK, join(folder, 'missing.wav'), '--out', out);
    expect(missing.stderr).toMatch(sentence('.*missing.wav: no such file or directory'));
    const directory = await conv1d('run', FILTERBANK, join(folder, 'dir.wav'), '--out', out);
    expect(directory.stderr).toMatch(sentence('.*dir.wav: .*directory.*'));
    expect([missing.code, directory.code]).toEqual([1, 1]);
  });

  test('a name with line ends and terminal commands stays on one line', async () => {
    const { code, stderr } = await conv1d('run', FILTERBANK, 'evil\n\u001b[31mred\u0007.wav', '--out', 'o');
    expect(stderr).toBe('conv1d: evil ?[31mred?.wav: no such file or directory\n');
    expect(code).toBe(1);
  });

  test('the other inputs are written all the same, with exit code 3', async () => {
    const folder = temporaryFolder();
    const out = join(folder, 'out');
    const { code, stdout, stderr } = await conv1d('run', FILTERBANK, join(folder, 'no.wav'), SPEECH, '--out', out);
    expect(stderr).toMatch(sentence('.*no.wav: no such file or directory'));
    expect(stdout).toContain('402 x 555');
    expect(readdirSync(out)).toEqual(['speech.npy']);
    expect(code).toBe(3);
  });

  test('features never replace their own input', async () => {
    const folder = temporaryFolder();
    const input = join(folder, 'x.npy');
    await saveNpy(input, rand(1, 500));
    const before = readFileSync(input);
    const { code, stderr } = await conv1d('run', FILTERBANK, input, '--out', join(folder, '.'));
    expect(stderr).toMatch(sentence('.*x.npy: the features in .*x.npy would replace it; choose another --out'));
    expect(code).toBe(1);
    expect(readFileSync(input)).toEqual(before);
  });

  test('an --out that is a file', async () => {
    const folder = temporaryFolder();
    const out = join(folder, 'file');
    writeFileSync(out, 'precious');
    const { code, stderr } = await conv1d('run', FILTERBANK, SPEECH, '--out', out);
    expect(stderr).toMatch(sentence('.*speech.wav: cannot write .*speech.npy: (file already exists|not a directory)'));
    expect(code).toBe(1);
    expect(readFileSync(out, 'utf8')).toBe('precious');
  });

  test.skipIf(!existsSync('/proc/self'))('an --out below /proc, where no folder can be made', async () => {
    const { code, stderr } = await conv1d('run', FILTERBANK, SPEECH, '--out', '/proc/conv1d/features');
    expect(stderr).toMatch(
      sentence('.*speech.wav: cannot write /proc/conv1d/features/speech.npy: no such file or directory'),
    );
    expect(code).toBe(1);
  });

  test('an --out longer than a path may be', async () => {
    const out = join(temporaryFolder(), 'd/'.repeat(5000));
    const { code, stderr } = await conv1d('run', FILTERBANK, SPEECH, '--out', out);
    expect(stderr).toMatch(sentence('.*speech.wav: cannot write .*speech.npy: name too long'));
    expect(code).toBe(1);
  });
});

describe('weights that cannot be used are refused with exit code 1', () => {
  const conv = new Conv1d(1, 3, 5);
  type Case = {
    about: string;
    tensors?: Parameters<typeof saveSafetensors>[1];
    metadata?: Record<string, string>;
    flags?: string[];
    says: string;
  };
  const cases: Case[] = [
    { about: 'no tensors', tensors: {}, says: 'has no weight of a convolution, .*; it has no tensors' },
    { about: 'no weight', tensors: { kernel: conv.weight }, says: 'has no weight .*; it has kernel \\[3, 1, 5\\]' },
    { about: 'two dimensions', tensors: { weight: rand(3, 5) }, says: 'has no weight .*; it has weight \\[3, 5\\]' },
    {
      about: 'several layers and no --key',
      tensors: { 'a.weight': conv.weight, 'b.c.weight': conv.weight },
      says: 'has 2 convolutions; choose one with --key: a., b.c.',
    },
    {
      about: 'a key that is not there',
      flags: ['--key', 'x.'],
      says: "has no tensor 'x.weight'; choose one with --key: ''",
    },
    {
      about: 'a key of another kind of layer',
      tensors: { 'fc.weight': rand(3, 5), 'conv.weight': conv.weight },
      flags: ['--key', 'fc'],
      says: "'fc.weight' has shape \\[3, 5\\], not \\(outChannels, .*\\); choose one with --key: conv.",
    },
    {
      about: 'a key out of Object.prototype',
      flags: ['--key', '__proto__'],
      says: "has no tensor '__proto__weight'; .*",
    },
    {
      about: 'a bias of a wrong size',
      tensors: { weight: conv.weight, bias: rand(4) },
      says: 'Given weight of size \\[3, 1, 5\\], expected bias to be 1-dimensional with 3 elements, but got bias of size \\[4\\] instead',
    },
    {
      about: 'a weight without taps',
      tensors: { weight: rand(3, 1, 0) },
      says: 'Given groups=1, expected weight to be at least 1 at dimension 2, .*',
    },
    { about: 'groups that do not divide', flags: ['--groups', '2'], says: 'Given groups=2, expected weight .*' },
    {
      about: "padding 'same' with a stride",
      flags: ['--padding', 'same', '--stride', '2'],
      says: "padding='same' is not supported for strided convolutions.*",
    },
    {
      about: 'a stride of 0 in the metadata',
      metadata: { stride: '0' },
      says: "its metadata says stride is '0': expected a whole number from 1 to 2147483647",
    },
    {
      about: 'a padding mode nobody knows in the metadata',
      metadata: { padding_mode: 'wrap' },
      says: "its metadata says padding_mode is 'wrap': expected one of zeros, replicate, reflect, circular",
    },
    {
      about: 'an odd number of channels that should come in pairs',
      metadata: { channels: 'real,imaginary' },
      says: "its metadata says channels is 'real,imaginary', which come in pairs, but its weight has 3 channels",
    },
  ];
  for (const { about, tensors = conv.stateDict(), metadata, flags = [], says } of cases) {
    test(about, async () => {
      const folder = temporaryFolder();
      const weights = join(folder, 'w.safetensors');
      const out = join(folder, 'out');
      await saveSafetensors(weights, tensors, metadata);
      const { code, stdout, stderr } = await conv1d('run', weights, SPEECH, '--out', out, ...flags);
      expect(stderr).toMatch(sentence(`.*w.safetensors: ${says}`));
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
      expect(existsSync(out)).toBe(false);
    });
  }

  test('a file that is not one of safetensors', async () => {
    const { code, stderr } = await conv1d('run', SPEECH, SPEECH, '--out', join(temporaryFolder(), 'out'));
    expect(stderr).toMatch(sentence('.*speech.wav: .*'));
    expect(code).toBe(1);
  });
});

describe('as a process of its own', () => {
  const command = ['--import', 'tsx', repositoryFile('lib/command/cli/main.ts')];
  const environment = { ...process.env, NO_COLOR: '1' };
  const cwd = repositoryFile('.');
  const run = (argv: string[], { execArgv = [], ...options }: SpawnSyncOptions & { execArgv?: string[] } = {}) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [...execArgv, ...command, ...argv], {
      cwd,
      env: environment,
      ...options,
      encoding: 'utf8',
    });
    return { status, stdout, stderr };
  };

  test('it exits with the code that main gives', () => {
    expect(run(['run'])).toEqual({
      status: 2,
      stdout: '',
      stderr: "conv1d: required option '--out <dir>' not specified\n",
    });
  });

  test('an optional package that is missing is named with the command that installs it, before anything is written', () => {
    const out = join(temporaryFolder(), 'out');
    const execArgv = ['--import', withoutPackage('apache-arrow')];
    expect(run(['run', FILTERBANK, SPEECH, '--out', out, '--format', 'arrow'], { execArgv })).toEqual({
      status: 1,
      stdout: '',
      stderr:
        'conv1d: --format arrow: Arrow files need the package apache-arrow, which is not installed: npm install apache-arrow\n',
    });
    expect(existsSync(out)).toBe(false);
  });

  test.each(['mmx', 'AVX2'])(
    'a CONV1D_ISA of %s is one sentence with the names there are; --help still works',
    (name) => {
      const env = { ...environment, CONV1D_ISA: name };
      const { status, stderr } = run(['info'], { env });
      expect(stderr).toMatch(sentence(`.*CONV1D_ISA is '${name}', .*: ${cpuInfo().supported.join(', ')}`));
      expect(status).toBe(1);
      expect(run(['--help'], { env }).status).toBe(0);
    },
  );

  describe.skipIf(!existsSync('/dev/full'))('a stdout or stderr that takes nothing', () => {
    let full: number;
    beforeAll(() => {
      full = openSync('/dev/full', 'w');
    });
    afterAll(() => closeSync(full));

    test.each([['info'], ['--help'], ['run', FILTERBANK, SPEECH, '--out']])('is one sentence: conv1d %s', (...argv) => {
      const out = temporaryFolder();
      if (argv.at(-1) === '--out') argv.push(out);
      const { status, stderr } = run(argv, { stdio: ['ignore', full, 'pipe'] });
      expect(stderr).toMatch(sentence('cannot write to stdout: no space left on device'));
      expect(status).toBe(1);
      expect(readdirSync(out)).toEqual(argv[0] === 'run' ? ['speech.npy'] : []);
    });

    test('leaves the exit code as it is', () => {
      expect(run(['run'], { stdio: ['ignore', 'pipe', full] }).status).toBe(2);
      expect(run(['run'], { stdio: ['ignore', full, full] }).status).toBe(2);
    });
  });

  test('a reader that has gone ends it quietly, with the exit code of SIGPIPE', async () => {
    const child = spawn(process.execPath, [...command, 'info'], { cwd, env: environment });
    child.stdout.destroy();
    const stderr = child.stderr.setEncoding('utf8').toArray();
    const [status] = await once(child, 'close');
    expect({ status, stderr: (await stderr).join('') }).toEqual({ status: 141, stderr: '' });
  });
});
