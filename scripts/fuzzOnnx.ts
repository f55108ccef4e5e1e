import { fork } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { fileOfNumber, play, soundFiles } from '../test/helpers/onnx/fuzz/play.ts';

// `npm run fuzz:onnx -- --files N --seed S`: N damaged ONNX files, from the number S on. Each is refused with a code of this library, or
// loads and computes, and of one in four the network computes the same bits once it was saved and loaded; none takes more than a second of the processor or lets the process grow above 1 GiB. A process plays them; where it
// hangs or ends, another one goes on behind the file, which counts as a failure. A failure prints the number of the file: `--seed NUMBER
// --files 1` plays it alone, and `--write FILE` writes it.

const { values } = parseArgs({
  options: {
    files: { type: 'string', default: '200000' },
    seed: { type: 'string', default: '1' },
    failures: { type: 'string', default: '20' },
    write: { type: 'string' },
  },
});

function count(name: 'files' | 'seed' | 'failures'): number {
  const value = Number(values[name]);
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw new Error(`--${name} must be a natural number, not ${values[name]}`);
}

const MOST_SECONDS = 1;
const MOST_BYTES = 2 ** 30;
/** Of the processor, not of the clock: the machine may do other things beside. */
const HANGS_AFTER_SECONDS = 10;
/** A new process after so many files: what one of them leaves behind is then not that of the next. */
const FILES_PER_PROCESS = 5000;

interface Report {
  readonly number: number;
  readonly failure?: string;
  readonly counts?: Readonly<Record<string, number>>;
  readonly slowest?: number;
  readonly peak?: number;
}

/** In the process that plays: the files from `first` on. */
async function playAll(first: number, files: number): Promise<void> {
  const sound = soundFiles();
  const counts: Record<string, number> = {};
  let slowest = 0;
  for (let number = first; number < first + files; number++) {
    // Before anything is done with it: whoever watches knows where it was.
    await send({ number });
    const file = fileOfNumber(sound, number);
    const before = process.cpuUsage();
    try {
      const outcome = await play(file);
      counts[outcome] = (counts[outcome] ?? 0) + 1;
    } catch (error) {
      await send({ number, failure: String((error as Error | null)?.stack ?? error).slice(0, 2000) });
    }
    const { user, system } = process.cpuUsage(before);
    const seconds = (user + system) / 1e6;
    slowest = Math.max(slowest, seconds);
    if (seconds > MOST_SECONDS) await send({ number, failure: `took ${seconds.toFixed(1)} s of the processor` });
    const peak = process.resourceUsage().maxRSS * 1024;
    if (peak > MOST_BYTES) {
      await send({ number, failure: `the process has grown to ${Math.round(peak / 2 ** 20)} MiB` });
      // It stays that large: the next files get another one.
      await send({ number, counts, slowest, peak });
      process.exit(0);
    }
  }
  await send({ number: first + files - 1, counts, slowest, peak: process.resourceUsage().maxRSS * 1024 });
}

const send = (report: Report) => new Promise<void>((resolve) => process.send!(report, () => resolve()));

/** Lets a process play some files. Returns the number of the last one that was begun. */
function watch(first: number, files: number, onReport: (report: Report) => void): Promise<number> {
  const child = fork(fileURLToPath(import.meta.url), ['--seed', String(first), '--files', String(files)], {
    execArgv: process.execArgv,
    env: { ...process.env, CONV1D_FUZZ_CHILD: '1' },
  });
  return new Promise((resolve) => {
    let last = first;
    let isDone = false;
    // Reading the sound files takes a while, too.
    let begun = 10 + cpuSeconds(child.pid!);
    const watchdog = setInterval(() => {
      if (cpuSeconds(child.pid!) - begun > HANGS_AFTER_SECONDS) child.kill('SIGKILL');
    }, 1000);
    child.on('message', (report: Report) => {
      begun = cpuSeconds(child.pid!);
      last = report.number;
      isDone ||= report.counts !== undefined;
      onReport(report);
    });
    child.on('exit', (code, signal) => {
      clearInterval(watchdog);
      const end = signal === 'SIGKILL' ? 'hangs, or was killed' : `ended the process with ${signal ?? code}`;
      if (!isDone) onReport({ number: last, failure: end });
      resolve(last);
    });
  });
}

/** Clock ticks per second, of which Linux counts. */
const TICKS = 100;

/** What a process has used of the processor; where there is no /proc, the time of day. */
function cpuSeconds(pid: number): number {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').replace(/.*\) /s, '').split(' ');
    return (Number(fields[11]) + Number(fields[12])) / TICKS;
  } catch {
    return Date.now() / 1000;
  }
}

async function main(): Promise<void> {
  const [files, seed, mostFailures] = [count('files'), count('seed'), count('failures')];
  const begun = Date.now();
  const counts: Record<string, number> = {};
  let [failures, slowest, peak] = [0, 0, 0];
  const onReport = (report: Report) => {
    if (report.failure !== undefined) {
      failures += 1;
      console.error(`file ${report.number}: ${report.failure}`);
    }
    for (const [outcome, times] of Object.entries(report.counts ?? {}))
      counts[outcome] = (counts[outcome] ?? 0) + times;
    slowest = Math.max(slowest, report.slowest ?? 0);
    peak = Math.max(peak, report.peak ?? 0);
  };
  let next = seed;
  while (next < seed + files && failures < mostFailures) {
    next = 1 + (await watch(next, Math.min(FILES_PER_PROCESS, seed + files - next), onReport));
    const seconds = Math.round((Date.now() - begun) / 1000);
    console.log(`${next - seed} files, ${JSON.stringify(counts)}, ${failures} failures, ${seconds} s`);
  }
  const largest = Math.round(peak / 2 ** 20);
  console.log(
    `${next - seed} files from ${seed} on: ${failures} failures; slowest ${slowest.toFixed(2)} s, largest process ${largest} MiB`,
  );
  if (failures > 0) process.exitCode = 1;
}

if (process.env.CONV1D_FUZZ_CHILD === '1') {
  await playAll(count('seed'), count('files'));
  process.disconnect();
} else if (values.write !== undefined) {
  writeFileSync(values.write, fileOfNumber(soundFiles(), count('seed')));
} else await main();
