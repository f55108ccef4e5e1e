// The throughput of `conv1d run` on many recordings, beside that of the convolution alone and that of the disk alone.
//
//   npx tsx bench/batch/main.ts [--files 2000] [--seconds 10] [--format npy] [--threads 2] [--algorithm direct]
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { loadLayer } from '../../lib/command/batch/layer.ts';
import { parseAlgorithm } from '../../lib/command/batch/parameters.ts';
import { readSignal } from '../../lib/command/batch/signal.ts';
import { Workspace } from '../../lib/command/batch/workspace.ts';
import { closeFile, inPlaceWhileQuick, statsOf } from '../../lib/io/fileCalls.ts';
import { writeFileAtomic } from '../../lib/io/files.ts';
import { setNumThreads } from '../../lib/native/runtime.ts';
import { makeRecordings } from './recordings.ts';

const { values } = parseArgs({
  options: {
    files: { type: 'string', default: '2000' },
    seconds: { type: 'string', default: '10' },
    format: { type: 'string', default: 'npy' },
    threads: { type: 'string', default: '2' },
    algorithm: { type: 'string', default: 'direct' },
  },
});
const algorithm = parseAlgorithm(values.algorithm);
setNumThreads(Number(values.threads));
const root = fileURLToPath(new URL('../../', import.meta.url));
const weights = join(root, 'examples/filterbank.safetensors');
const folder = await mkdtemp(join(tmpdir(), 'conv1d-batch-'));
try {
  const inputs = join(folder, 'in');
  const paths = await makeRecordings(inputs, {
    count: Number(values.files),
    seconds: Number(values.seconds),
    sampleRate: 16000,
  });
  const out = join(folder, 'out');
  const pure = [await pureSeconds(paths)];
  const runs: Run[] = [];
  // Again over the first run's outputs: a virtual machine takes long to find pages that it has not had before.
  for (const name of ['fresh', 'again']) {
    runs.push(await run(name, inputs, out));
    pure.push(await pureSeconds(paths));
  }
  const copying = await copySeconds(paths, join(folder, 'copies'), await outputsOf(out));
  for (const [i, { name, seconds, wall, cpu, peak }] of runs.entries()) {
    // The machine's other work comes and goes: the convolution alone is timed on both sides of the run.
    const alone = (pure[i]! + pure[i + 1]!) / 2;
    const rates = `${(alone / seconds).toFixed(2)} of its rate, ${(alone / wall).toFixed(2)} from start to exit`;
    const memory = `peak memory ${(peak / 2 ** 20).toFixed(0)} MiB`;
    console.log(`${name}: convolution alone ${alone.toFixed(2)} s, conv1d run ${seconds.toFixed(2)} s: ${rates}`);
    console.log(
      `       processor time ${cpu.user.toFixed(2)} s and ${cpu.system.toFixed(2)} s in the kernel, ${memory}`,
    );
  }
  console.log(`as many bytes read, written and synced, 8 files at a time, without convolving: ${copying.toFixed(2)} s`);
} finally {
  await rm(folder, { recursive: true, force: true });
}

/** How long `forward` takes for all of the signals, which are read outside the time. */
async function pureSeconds(paths: readonly string[]): Promise<number> {
  const { conv, parameters } = await loadLayer(weights, undefined, { algorithm });
  let milliseconds = 0;
  for (const path of paths) {
    const { samples } = await readSignal(
      path,
      { channels: parameters.inChannels, takesVectors: false },
      parameters.dtype,
    );
    const start = performance.now();
    conv.forward(samples);
    milliseconds += performance.now() - start;
  }
  return milliseconds / 1000;
}

interface Run {
  readonly name: string;
  /** From the start of the process to its end. */
  readonly wall: number;
  /** The command's own count, without the start of Node. */
  readonly seconds: number;
  readonly cpu: { readonly user: number; readonly system: number };
  readonly peak: number;
}

/** The command, as it is installed. */
async function run(name: string, inputs: string, out: string): Promise<Run> {
  const report = `process.on('exit', () => process.stderr.write('usage ' + JSON.stringify(process.resourceUsage())))`;
  const usage = `data:text/javascript,${encodeURIComponent(report)}`;
  const command = [
    '--import',
    usage,
    join(root, 'dist/command/cli/main.js'),
    'run',
    weights,
    inputs,
    '--out',
    out,
    '--json',
    '--format',
    values.format,
    '--threads',
    values.threads,
    '--algorithm',
    algorithm,
  ];
  const start = performance.now();
  const child = spawn(process.execPath, command, { stdio: ['ignore', 'pipe', 'pipe'] });
  const stdout = child.stdout.setEncoding('utf8').toArray();
  const stderr = child.stderr.setEncoding('utf8').toArray();
  const [code] = await once(child, 'close');
  const wall = (performance.now() - start) / 1000;
  const errors = (await stderr).join('');
  if (code !== 0) throw new Error(`conv1d run ended with ${code}: ${errors}`);
  const { seconds } = JSON.parse((await stdout).join('').trim().split('\n').at(-1)!) as { seconds: number };
  const used = JSON.parse(errors.slice(errors.indexOf('{'))) as NodeJS.ResourceUsage;
  const cpu = { user: used.userCPUTime / 1e6, system: used.systemCPUTime / 1e6 };
  return { name, wall, seconds, cpu, peak: used.maxRSS * 1024 };
}

/** The sizes of the outputs. */
async function outputsOf(folder: string): Promise<number[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile() && !entry.name.endsWith('.jsonl'))
    .map(({ parentPath, name }) => join(parentPath, name));
  return Promise.all(files.map(async (path) => (await stat(path)).size));
}

/** How long it takes to read the inputs and to write files of these sizes, as the command does both. */
async function copySeconds(inputs: readonly string[], folder: string, sizes: readonly number[]): Promise<number> {
  await mkdir(folder);
  const calls = inPlaceWhileQuick();
  const content = new Uint8Array(Math.max(...sizes));
  const start = performance.now();
  let next = 0;
  const copier = async () => {
    const workspace = new Workspace();
    for (let i = next++; i < inputs.length; i = next++) {
      const input = await calls.open(inputs[i]!, constants.O_RDONLY);
      await calls.read(input, workspace.file(statsOf(input).size), 0);
      closeFile(input);
      await writeFileAtomic(join(folder, String(i)), [content.subarray(0, sizes[i])], { calls, syncFolder: false });
    }
  };
  await Promise.all(Array.from({ length: 8 }, copier));
  return (performance.now() - start) / 1000;
}
