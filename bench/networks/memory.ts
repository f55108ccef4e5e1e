import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Command, Option } from 'commander';
import { rand, setNumThreads, type Tensor } from 'conv1d';
import { positive } from '../options.ts';
import { peak, resetPeak } from '../residentMemory.ts';
import { NETWORKS } from './cases.ts';
import { compiled } from './compiled.ts';
import type { NetworkMemory } from './results.ts';

// `memory.ts [--seconds S] [--threads T] [--way WAY]`: by how many bytes the process grew at most while HiFi-GAN v1 made a long signal,
// beyond its weights, input and output. Linux only: elsewhere it prints null.

const FRAMES_PER_SECOND = 22050 / 256;
/** Of a call before: its weights are packed then, and V8 has what it needs to run. */
const FEW_FRAMES = 4;

const program = new Command('memory')
  .option('--seconds <n>', 'of the signal', positive, 60)
  .option('--threads <n>', 'number of threads', positive, 1)
  .addOption(new Option('--way <name>', 'how to run').choices(['eager', 'direct', 'fast']).default('direct'))
  .parse();

async function forwardOf(way: NetworkMemory['way'], few: Tensor): Promise<(x: Tensor) => Tensor> {
  const network = (await NETWORKS.find(({ id }) => id === 'hifigan')!.make()).eval();
  if (way === 'eager') return (x) => network.forward(x) as Tensor;
  const ready = compiled(network, [few], way);
  return (x) => ready.forward(x) as Tensor;
}

function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
}

async function measure({ seconds, threads, way }: Omit<NetworkMemory, 'extraBytes'>): Promise<NetworkMemory> {
  setNumThreads(threads);
  const few = rand(1, 80, FEW_FRAMES);
  const forward = await forwardOf(way, few);
  forward(few);
  const x = rand(1, 80, Math.round(seconds * FRAMES_PER_SECOND));
  // What initial weights were made of must not end during the call and hide memory of it.
  collectGarbage();
  const before = resetPeak();
  const y = forward(x);
  const extraBytes = peak() - before - y.data.byteLength;
  return { seconds, threads, way, extraBytes };
}

const { seconds, threads, way } = program.opts<Omit<NetworkMemory, 'extraBytes'>>();
console.log(JSON.stringify(process.platform === 'linux' ? await measure({ seconds, threads, way }) : null));
