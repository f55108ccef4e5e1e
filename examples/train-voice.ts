/**
 * Trains the voice detector of examples/networks/voiceDetector.ts from nothing, in a few minutes, on voices of espeak-ng and noises made of
 * random numbers; measures it on voices and noises that it has never heard; and writes its weights and the curve of its loss.
 *
 *   npx tsx examples/train-voice.ts [FOLDER]
 *
 * Every run makes the same weights, on any machine with the same espeak-ng, whatever its processor and its number of threads.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { manualSeed, saveSafetensors } from 'conv1d';
import { type CorpusSize, makeHeldOutCorpus, makeTrainingCorpus } from './voice/corpus.ts';
import { drawCurve } from './voice/curve.ts';
import { makeDetector } from './voice/detector.ts';
import { type Counts, evaluate } from './voice/evaluation.ts';
import { Random } from './voice/random.ts';
import { accuracyTable, type Bar, lossLine, makeBar } from './voice/show.ts';
import { type Plan, train } from './voice/training.ts';

/** Tracks of 20 seconds. */
const FRAMES = 625;
const TRAINING: CorpusSize = { frames: FRAMES, speakers: 200, noisesOfAKind: 24, noiseFrames: 250 };
const HELD_OUT: CorpusSize = { frames: FRAMES, speakers: 24, noisesOfAKind: 4, noiseFrames: FRAMES };
const PLAN: Plan = { steps: 2000, clips: 16, frames: 160, rate: 4e-3 };
/** Where the numbers of each part begin. */
const SEEDS = { weights: 1, training: 1000, heldOut: 2000, batches: 3 };

const folder = process.argv[2] ?? fileURLToPath(new URL('voice', import.meta.url));
await mkdir(folder, { recursive: true });

const training = await withBar('voices', (show) => makeTrainingCorpus(SEEDS.training, TRAINING, show));
const heldOut = await withBar('other voices', (show) => makeHeldOutCorpus(SEEDS.heldOut, HELD_OUT, show));

manualSeed(SEEDS.weights);
const detector = makeDetector();
const losses: number[] = [];
await withBar('training', (show) => {
  for (const loss of train(detector, training, new Random(SEEDS.batches), PLAN)) {
    losses.push(loss);
    show(losses.length, PLAN.steps, lossLine(losses));
  }
});

detector.eval();
const found = new Map<string, Counts[]>();
await withBar('measuring', (show) => {
  const kinds = heldOut.noises.size + 1;
  for (const [kind, counts] of evaluate(detector, heldOut)) {
    found.set(kind, counts);
    show(found.size, kinds);
  }
});
console.log(`\nbalanced accuracy in percent, speech above noise by\n\n${accuracyTable(found)}\n`);

const weights = join(folder, 'voiceDetector.safetensors');
await saveSafetensors(weights, detector.stateDict(), { format: 'pt', sample_rate: '16000' });
const picture = join(folder, 'training.svg');
await writeFile(picture, drawCurve(losses));
console.log(`wrote ${weights} and ${picture}`);

async function withBar<T>(
  what: string,
  work: (show: (done: number, total: number, note?: string) => void) => T,
): Promise<Awaited<T>> {
  let bar: Bar | undefined;
  const result = await work((done, total, note) => {
    bar ??= makeBar(what, total);
    bar.show(done, note);
  });
  bar?.stop();
  return result;
}
