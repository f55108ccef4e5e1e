// The throughput of `conv1d run` on many recordings, beside that of the convolution alone.
//
//   npx tsx bench/batch/main.ts [--files 2000] [--seconds 10] [--format npy]
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { loadLayer } from '../../lib/batch/layer.ts';
import { readSignal } from '../../lib/batch/signal.ts';
import { makeRecordings } from './recordings.ts';

const { values } = parseArgs({
  options: {
    files: { type: 'string', default: '2000' },
    seconds: { type: 'string', default: '10' },
    format: { type: 'string', default: 'npy' },
  },
});
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
  const before = await pureSeconds(paths);
  const run = await runSeconds(inputs, join(folder, 'out'));
  const after = await pureSeconds(paths);
  // The machine's other work comes and goes: the convolution alone is timed on both sides of the run.
  const pure = (before + after) / 2;
  console.log(
    `the convolution alone     ${pure.toFixed(2)} s (${before.toFixed(2)} before the run, ${after.toFixed(2)} after)`,
  );
  console.log(`conv1d run                ${run.seconds.toFixed(2)} s, from start to exit ${run.wall.toFixed(2)} s`);
  console.log(
    `of the convolution's rate ${(pure / run.seconds).toFixed(2)}, from start to exit ${(pure / run.wall).toFixed(2)}`,
  );
  console.log(`processor time            ${run.cpu.toFixed(2)} s, peak memory ${(run.peak / 2 ** 20).toFixed(0)} MiB`);
} finally {
  await rm(folder, { recursive: true, force: true });
}

/** How long `forward` takes for all of the signals, which are read outside the time. */
async function pureSeconds(paths: readonly string[]): Promise<number> {
  const { conv, parameters } = await loadLayer(weights, undefined, {});
  let milliseconds = 0;
  for (const path of paths) {
    const { samples } = await readSignal(path, parameters.inChannels, parameters.dtype);
    const start = performance.now();
    conv.forward(samples);
    milliseconds += performance.now() - start;
  }
  return milliseconds / 1000;
}

/** The command, as it is installed; `seconds` is its own count, without the start of Node. */
async function runSeconds(
  inputs: string,
  out: string,
): Promise<{ wall: number; seconds: number; cpu: number; peak: number }> {
  const start = performance.now();
  const usage = `data:text/javascript,process.on('exit',()=>{const{maxRSS,userCPUTime,systemCPUTime}=process.resourceUsage();process.stderr.write('usage '+JSON.stringify([maxRSS,userCPUTime+systemCPUTime])+'\\n')})`;
  const command = ['--import', usage, join(root, 'dist/cli/main.js'), 'run', weights, inputs, '--out', out, '--json'];
  const child = spawn(process.execPath, [...command, '--format', values.format], { stdio: ['ignore', 'pipe', 'pipe'] });
  const [stdout, stderr] = [child.stdout, child.stderr].map((stream) => stream.setEncoding('utf8').toArray());
  const [code] = await once(child, 'close');
  const wall = (performance.now() - start) / 1000;
  const errors = (await stderr!).join('');
  if (code !== 0) throw new Error(`conv1d run ended with ${code}: ${errors}`);
  const summary = (await stdout!).join('').trim().split('\n').at(-1)!;
  const [maxRss, cpu] = JSON.parse(/usage (.*)/.exec(errors)![1]!) as [number, number];
  return { wall, seconds: (JSON.parse(summary) as { seconds: number }).seconds, cpu: cpu / 1e6, peak: maxRss * 1024 };
}
