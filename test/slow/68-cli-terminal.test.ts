import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { describe, expect, test, vi } from 'vitest';
import { main } from '../../lib/command/cli/program.ts';
import { Progress } from '../../lib/command/cli/progress.ts';
import { Terminal } from '../../lib/command/cli/terminal.ts';
import { Totals } from '../../lib/command/cli/totals.ts';
import { contents, dataUrl, numbered, recordings, smallLayer, startConv1d } from '../helpers/batch.ts';
import { conv1d, repositoryFile, temporaryFolder } from '../helpers/cli.ts';
import { shownOn, wrapped } from '../helpers/screen.ts';

/** A folder with two files among good ones that fail, and the command line that convolves it. */
async function scene() {
  const folder = temporaryFolder();
  const { weights } = await smallLayer(folder);
  recordings(join(folder, 'in'), numbered(28));
  const failures = ['007-the-first-that-fails.wav', '019-the-second.wav'].map((name) => {
    const path = join(folder, 'in', name);
    writeFileSync(path, 'not a recording');
    return `conv1d: ${path}: a .wav file begins with RIFF and WAVE, but this begins with "not a record"`;
  });
  return { failures, argv: ['run', weights, join(folder, 'in'), '--out', join(folder, 'out')] };
}

/** A terminal in memory. */
function terminalOf(columns: number) {
  let text = '';
  const stream = Object.assign(new PassThrough(), { isTTY: true, columns, rows: 24 });
  const write = (piece: unknown) => {
    text += String(piece);
    return true;
  };
  vi.spyOn(stream, 'write').mockImplementation(write);
  return {
    io: { stdout: { write }, stderr: { write }, progress: stream as unknown as NodeJS.WriteStream },
    text: () => text,
  };
}

const SIZES = [20, 60, 80, 200];

describe('on a terminal', () => {
  test.each(SIZES)(
    'of %i columns, each failure stands whole above the bar, and the bar is gone at the end',
    async (columns) => {
      const { argv, failures } = await scene();
      const { io, text } = terminalOf(columns);
      expect(await main(argv, io)).toBe(3);
      const lines = shownOn(columns, text());
      const summary = lines.findIndex((line) => line.startsWith('30 files: 28 written'));
      const sorted = failures.flatMap((sentence) => wrapped(columns, sentence)).sort();
      expect(lines.slice(0, summary).sort()).toEqual(sorted);
      expect(text()).toMatch(/\r[█░ ]*\d+%/);
    },
  );

  test.each(SIZES)('of %i columns, the bar leaves room for ^C and tells how many failed', (columns) => {
    const { io, text } = terminalOf(columns);
    const totals = new Totals(30_000);
    totals.failed = 12_345;
    const progress = new Progress(io.progress, totals, new Terminal(io));
    const [line] = shownOn(columns, text());
    progress.stop();
    expect(line!.length).toBeGreaterThan(10);
    expect(line!.length).toBeLessThanOrEqual(columns - 3);
    if (columns >= 60) expect(line).toContain('0% | 0 of 30000 files | 12345 failed');
  });

  test('of unknown size, the bar is as on one of 80 columns', () => {
    const { io, text } = terminalOf(0);
    const progress = new Progress(io.progress, new Totals(30), new Terminal(io));
    progress.stop();
    expect(text()).toMatch(/░{24} 0% \| 0 of 30 files/);
  });

  test('a warning wipes the bar away, too', () => {
    const { io, text } = terminalOf(80);
    const terminal = new Terminal(io);
    const progress = new Progress(io.progress, new Totals(30), terminal);
    terminal.warn('the server does not answer');
    progress.stop();
    expect(shownOn(80, text())[0]).toBe('conv1d: the server does not answer');
  });
});

/** What Node is to import so that something happens once the bar is there. */
const onceDrawn = (action: string): string =>
  dataUrl(`
    const write = process.stderr.write.bind(process.stderr);
    let drawn = false;
    process.stderr.write = (text, ...more) => {
      const done = write(text, ...more);
      if (String(text).includes('finishing the files')) process.emit('conv1d-second');
      if (!drawn && String(text).includes(' of 30 files')) {
        drawn = true;
        ${action}
      }
      return done;
    };`);

const WAYS_OUT: readonly [way: string, action: string, code: number, says: string][] = [
  ['at the end', '', 3, '30 files: 28 written, 2 failed'],
  ['after SIGINT', "process.kill(process.pid, 'SIGINT')", 130, 'conv1d: SIGINT: finishing the files under way'],
  [
    'after a second SIGINT',
    "process.once('conv1d-second', () => process.kill(process.pid, 'SIGINT')); process.kill(process.pid, 'SIGINT')",
    130,
    'conv1d: SIGINT: finishing the files under way',
  ],
  ['after SIGTERM', "process.kill(process.pid, 'SIGTERM')", 143, 'conv1d: SIGTERM: finishing the files under way'],
  ['after an uncaught error', "setImmediate(() => { throw new Error('thrown') })", 1, 'Error: thrown'],
  ['when nobody reads on', "process.stdout.emit('error', { code: 'EPIPE' })", 141, ''],
];

function shellCommand(action: string, argv: readonly string[]): string {
  const words = [
    process.execPath,
    ...['--import', 'tsx', '--import', onceDrawn(action), repositoryFile('lib/command/cli/main.ts'), ...argv],
  ];
  return words.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ');
}

// On Windows, a process writes to pipes without waiting, and learns later that nobody reads.
describe.skipIf(process.platform === 'win32')('a reader that has gone', () => {
  test('of stdout ends the run at once and quietly, with the exit code of SIGPIPE; --resume does the rest', async () => {
    const folder = temporaryFolder();
    const { weights } = await smallLayer(folder);
    recordings(join(folder, 'in'), numbered(400), 4000);
    const out = join(folder, 'out');
    const argv = ['run', weights, join(folder, 'in'), '--out', out];
    const child = startConv1d([], ...argv);
    const stderr = child.stderr.setEncoding('utf8').toArray();
    child.stdout.once('data', () => child.stdout.destroy());
    const [code] = await once(child, 'close');
    expect({ code, stderr: (await stderr).join('') }).toEqual({ code: 141, stderr: '' });
    expect(readdirSync(out).length).toBeLessThan(400);
    expect((await conv1d(...argv, '--resume')).code).toBe(0);
    expect(Object.keys(contents(out))).toEqual(numbered(400).map((name) => name.replace('.wav', '.npy')));
  });

  test('of stderr, too', async () => {
    const { argv } = await scene();
    const child = startConv1d([], ...argv);
    child.stderr.destroy();
    child.stdout.resume();
    expect((await once(child, 'close'))[0]).toBe(141);
  });
});

/** Whether a program is there; without it its tests are skipped, or fail with CONV1D_REQUIRE_ALL=1, as .ci/run has it. */
function hasProgram(name: string, flag: string): boolean {
  if (process.env.CONV1D_REQUIRE_ALL === '1' || spawnSync(name, [flag]).error === undefined) return true;
  console.warn(
    `${name} is not on this machine: its tests of the terminal are skipped (Debian: apt-get install ${name})`,
  );
  return false;
}

const cwd = repositoryFile('.');
const env = { ...process.env, NO_COLOR: '1', TERM: 'xterm' };

// The program script of other systems takes other arguments.
describe.skipIf(process.platform !== 'linux' || !hasProgram('script', '--version'))('in a pseudo-terminal', () => {
  test.each(WAYS_OUT)('%s, the terminal is as it was, and the bar is gone', async (_, action, code, says) => {
    const { argv } = await scene();
    const command = `stty cols 60 rows 24; exec ${shellCommand(action, argv)}`;
    const { status, stdout } = spawnSync('script', ['-qec', command, '/dev/null'], {
      cwd,
      env: { ...env, SHELL: '/bin/sh' },
      stdio: ['ignore', 'pipe', 'pipe'],
      encoding: 'utf8',
    });
    expect(status).toBe(code);
    // It throws for whatever changes a setting.
    const lines = shownOn(60, stdout.replaceAll('\r\n', '\n'));
    expect(stdout).toContain(' of 30 files');
    expect(lines.join('\n')).not.toContain(' of 30 files |');
    expect(lines.join('')).toContain(says);
  });
});

describe.skipIf(!hasProgram('tmux', '-V'))('in tmux', () => {
  const socket = `conv1d-test-${process.pid}`;
  const tmux = (...args: string[]): string => {
    const { stdout, stderr, status } = spawnSync('tmux', ['-L', socket, '-f', '/dev/null', ...args], {
      cwd,
      env,
      encoding: 'utf8',
      // A command that never says it has ended is a failure, not a test without end.
      timeout: 60_000,
    });
    if (status !== 0) throw new Error(`tmux ${args[0]}: ${stderr}`);
    return stdout;
  };

  for (const columns of [60, 80]) {
    test.each(WAYS_OUT.filter(([, , code]) => code !== 1))(
      `%s, a screen of ${columns} columns has whole failures, no bar and lines that wrap`,
      async (_, action, code, says) => {
        const { argv, failures } = await scene();
        // A signal of tmux says that the command has ended; the shell then keeps the screen.
        const command = `${shellCommand(action, argv)}; echo "exit code $?"; tmux -L ${socket} wait-for -S ended; read line`;
        try {
          tmux('new-session', '-d', '-x', String(columns), '-y', '40', 'sh', '-c', command);
          tmux('wait-for', 'ended');
          const lines = tmux('capture-pane', '-p').trimEnd().split('\n');
          const screen = lines.join('');
          expect(lines).toContain(`exit code ${code}`);
          expect(screen).toContain(says);
          expect(screen).not.toContain(' of 30 files |');
          for (const line of lines.filter((line) => line.startsWith('conv1d: /'))) {
            const sentence = failures.find((failure) => failure.startsWith(line))!;
            const at = lines.indexOf(line);
            const rows = wrapped(columns, sentence);
            expect(lines.slice(at, at + rows.length)).toEqual(rows.map((row) => row.trimEnd()));
          }
          expect(tmux('display-message', '-p', '#{wrap_flag} #{cursor_flag}').trim()).toBe('1 1');
        } finally {
          tmux('kill-server');
        }
      },
    );
  }
});
