import {
  cat,
  type Dtype,
  type FloatDtype,
  functional,
  type nn,
  optim,
  rand,
  randn,
  type Tensor,
  tensor,
  zeros,
} from '../../../lib/index.ts';
import { Autoencoder, RawAudio, Tagger, TCN } from './networks.ts';

/** Steps of training. */
export const STEPS = 200;

export interface Batch {
  readonly x: Tensor<Dtype>;
  readonly target: Tensor<Dtype>;
}

/** What is learned, as test/golden/generate_curves.py has it. */
export interface Task {
  readonly name: string;
  make(dtype: FloatDtype): nn.Module;
  draw(): Batch;
  lossOf(y: Tensor, target: Tensor<Dtype>): Tensor;
  optimizerOf(parameters: nn.Parameter[]): optim.Optimizer;
  schedulerOf?(optimizer: optim.Optimizer): optim.lrScheduler.LRScheduler;
  readonly maxNorm?: number;
}

/** Numbers from 0 on, below `bound`. */
function draws(bound: number, ...sizes: number[]): Tensor {
  return rand(...sizes)
    .mul(bound)
    .floor() as Tensor;
}

function labels(x: Tensor): Tensor<'int64'> {
  return x.to('int64') as Tensor<'int64'>;
}

const copyMemory: Task = {
  name: 'TCN, copy memory',
  make: (dtype) => new TCN(dtype),
  draw: () => {
    const symbols = draws(8, 8, 5).add(1);
    const x = cat([symbols, zeros(8, 20), tensor(new Float32Array(40).fill(9), [8, 5])], 1);
    return { x: x.unsqueeze(1), target: labels(cat([zeros(8, 25), symbols], 1) as Tensor) };
  },
  lossOf: (y, target) => functional.crossEntropyLoss(y, target as Tensor<'int64'>),
  optimizerOf: (parameters) => new optim.Adam(parameters, { lr: 4e-3 }),
};

const rawAudio: Task = {
  name: 'raw audio',
  make: (dtype) => new RawAudio(dtype),
  draw: () => {
    const phase = draws(64, 8, 1);
    const target = labels(draws(4, 8));
    const period = tensor([8, 16, 32, 64]).gather(0, target).unsqueeze(1);
    const place = tensor(Float32Array.from({ length: 512 }, (_, i) => i)).add(phase);
    const saw = place.sub(place.div(period).floor().mul(period)).div(period).mul(2).sub(1);
    return { x: saw.add(rand(8, 512)).sub(0.5).unsqueeze(1), target };
  },
  lossOf: (y, target) => functional.crossEntropyLoss(y, target as Tensor<'int64'>),
  optimizerOf: (parameters) =>
    new optim.SGD(parameters, { lr: 0.02, momentum: 0.9, weightDecay: 1e-3, nesterov: true }),
  schedulerOf: (optimizer) => new optim.lrScheduler.StepLR(optimizer, 80, { gamma: 0.5 }),
};

const autoencoder: Task = {
  name: 'autoencoder',
  make: (dtype) => new Autoencoder(dtype),
  draw: () => {
    const z = randn(4, 2, 66);
    const x = z
      .narrow(2, 0, 64)
      .add(z.narrow(2, 1, 64))
      .add(z.narrow(2, 2, 64))
      .mul(0.5);
    return { x, target: x };
  },
  lossOf: (y, target) => functional.mseLoss(y, target as Tensor),
  optimizerOf: (parameters) => new optim.AdamW(parameters, { lr: 3e-3 }),
  schedulerOf: (optimizer) => new optim.lrScheduler.CosineAnnealingLR(optimizer, STEPS),
};

const tagger: Task = {
  name: 'LSTM tagger',
  make: (dtype) => new Tagger(dtype),
  draw: () => {
    const tokens = draws(20, 6, 12);
    const before = cat([zeros(6, 1), tokens.narrow(1, 0, 11)], 1) as Tensor;
    const sum = tokens.add(before);
    return { x: labels(tokens), target: labels(sum.sub(sum.div(5).floor().mul(5)) as Tensor) };
  },
  lossOf: (y, target) => functional.crossEntropyLoss(y.transpose(1, 2), target as Tensor<'int64'>),
  optimizerOf: (parameters) => new optim.AdamW(parameters, { lr: 5e-3, weightDecay: 0.05 }),
  schedulerOf: (optimizer) => new optim.lrScheduler.OneCycleLR(optimizer, 1e-2, { totalSteps: STEPS }),
  maxNorm: 1,
};

export const TASKS: readonly Task[] = [copyMemory, rawAudio, autoencoder, tagger];
