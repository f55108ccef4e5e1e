import { functional, optim } from 'conv1d';
import type { VoiceDetector } from '../networks/voiceDetector.ts';
import type { Corpus } from './corpus.ts';
import { logitsOf } from './detector.ts';
import { makeBatch } from './mixtures.ts';
import type { Random } from './random.ts';

export interface Plan {
  readonly steps: number;
  /** Clips in a batch, and frames in a clip. */
  readonly clips: number;
  readonly frames: number;
  /** The highest learning rate of the schedule. */
  readonly rate: number;
}

/** Gradients longer than this are cut to it: one loud clip is not to undo what others taught. */
const LONGEST_GRADIENT = 1;

/** Trains a detector step by step, and gives the loss of each. */
export function* train(detector: VoiceDetector, corpus: Corpus, random: Random, plan: Plan): Generator<number> {
  const learned = detector.parameters().filter(({ requiresGrad }) => requiresGrad);
  const optimizer = new optim.AdamW(learned, { lr: plan.rate });
  const schedule = new optim.lrScheduler.OneCycleLR(optimizer, plan.rate, {
    totalSteps: plan.steps,
    pctStart: 0.1,
  });
  for (let step = 0; step < plan.steps; step++) {
    const { windows, isSpeech } = makeBatch(random, corpus, plan.clips, plan.frames);
    const loss = functional.bceWithLogitsLoss(logitsOf(detector, windows, plan.clips), isSpeech);
    optimizer.zeroGrad();
    loss.backward();
    optim.clipGradNorm(learned, LONGEST_GRADIENT);
    optimizer.step();
    schedule.step();
    yield loss.item();
  }
}
