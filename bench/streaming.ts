import { loadLibrary } from './library.ts';
import { type Times, timesOf } from './timing.ts';

// `npm run build:ts && npx tsx bench/streaming.ts`: microseconds of a push, beside those of `forward` on just the inputs that the
// push's outputs depend on. On one thread; docs/streaming.md quotes it.
const MS_PER_CALL = 1500;

const { Conv1d, rand, setNumThreads, zeros } = await loadLibrary();
setNumThreads(1);

interface Case {
  readonly name: string;
  readonly channels: readonly [inChannels: number, outChannels: number, kernelSize: number];
  readonly dilation: number;
  readonly groups: number;
  readonly length: number;
  readonly train: boolean;
}

const cases: readonly Case[] = [
  { name: '64->64 k3, 1 step', channels: [64, 64, 3], dilation: 1, groups: 1, length: 1, train: false },
  { name: '64->64 k3, 1 step, train', channels: [64, 64, 3], dilation: 1, groups: 1, length: 1, train: true },
  { name: '64->64 k3, 160 steps', channels: [64, 64, 3], dilation: 1, groups: 1, length: 160, train: false },
  { name: '64->64 k2 d512, 1 step', channels: [64, 64, 2], dilation: 512, groups: 1, length: 1, train: false },
  { name: '64->64 k2 d512, 160 steps', channels: [64, 64, 2], dilation: 512, groups: 1, length: 160, train: false },
  { name: 'depthwise 64 k31, 1 step', channels: [64, 64, 31], dilation: 1, groups: 64, length: 1, train: false },
];

for (const { name, channels, dilation, groups, length, train } of cases) {
  const options = { dilation, groups };
  const causal = new Conv1d(...channels, { ...options, padding: 'causal' });
  const valid = new Conv1d(...channels, options);
  if (!train) for (const conv of [causal, valid]) conv.eval();
  const stream = causal.stream();
  const chunk = rand(channels[0], length);
  const window = rand(channels[0], stream.receptiveField - 1 + length);
  const out = zeros(channels[1], length);
  const push = await timesOf({ sync: () => void stream.push(chunk, { out }) }, MS_PER_CALL, 'yielding');
  const forward = await timesOf({ sync: () => void valid.forward(window, { out }) }, MS_PER_CALL, 'yielding');
  const microseconds = ({ minMs }: Times) => (minMs * 1e3).toFixed(2);
  console.log(`${name.padEnd(28)} push ${microseconds(push)}   forward ${microseconds(forward)}`);
}
