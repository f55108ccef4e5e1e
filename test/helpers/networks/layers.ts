import { functional, nn, Parameter, rand, randn, type Tensor } from '../../../lib/index.ts';
import type { Dice } from '../dice.ts';
import type { Piece } from './piece.ts';
import type { Sized } from './value.ts';

// Pieces with weights, and those that read windows. Each gives undefined where it does not suit the value.

export type Maker = (dice: Dice, x: Sized) => Piece | undefined;

/** The channels of signals (N, C, L) or (C, L). */
function channelsOf(x: Sized): number | undefined {
  return x.ndim === 2 || x.ndim === 3 ? x.fixed(-2) : undefined;
}

function divisor(dice: Dice, ...numbers: number[]): number {
  const all = [1, 2, 3, 4, 6, 8].filter((each) => numbers.every((number) => number % each === 0));
  return dice.pick(...all);
}

const conv: Maker = (dice, x) => {
  const channels = channelsOf(x);
  if (channels === undefined) return undefined;
  const isDepthwise = dice.integer(0, 4) === 0;
  const out = isDepthwise ? channels * dice.integer(1, 2) : dice.pick(1, 2, 3, 4, 6, 8, channels);
  const kernel = dice.integer(1, 7);
  const stride = dice.pick(1, 1, 1, 2, 3);
  const paddingMode = dice.pick('zeros', 'zeros', 'reflect', 'replicate', 'circular');
  const padding = dice.pick<number | 'same' | 'causal'>(
    0,
    1,
    2,
    3,
    'causal',
    ...(stride === 1 ? ['same' as const] : []),
  );
  const options = {
    stride,
    padding,
    paddingMode,
    dilation: dice.integer(1, 3),
    groups: isDepthwise ? channels : divisor(dice, channels, out),
    bias: dice.integer(0, 3) > 0,
  } as const;
  const isNormed = dice.integer(0, 5) === 0;
  return {
    text: `${isNormed ? 'weightNorm ' : ''}Conv1d(${channels}, ${out}, ${kernel}, ${JSON.stringify(options)})`,
    parts: (dtype) => {
      const layer = new nn.Conv1d(channels, out, kernel, { ...options, dtype });
      return { conv: isNormed ? nn.weightNorm(layer) : layer };
    },
    compute: ([y], { conv }) => conv.forward(y),
  };
};

const convTranspose: Maker = (dice, x) => {
  const channels = channelsOf(x);
  if (channels === undefined) return undefined;
  const out = dice.pick(1, 2, 3, 4, 6, 8);
  const kernel = dice.integer(1, 7);
  const stride = dice.integer(1, 4);
  const dilation = dice.pick(1, 1, 2);
  const outputPadding = dice.integer(0, Math.max(stride, dilation) - 1);
  const options = {
    stride,
    padding: dice.integer(0, 2),
    outputPadding,
    dilation,
    groups: divisor(dice, channels, out),
    bias: dice.integer(0, 3) > 0,
  };
  const [before, after] = [dice.integer(0, 3), dice.integer(0, 3)];
  const cuts = dice.integer(0, 1) === 1;
  const fitted = !cuts && dice.integer(0, 3) === 0;
  const cut = cuts ? `, cut by ${before} and ${after}` : fitted ? ', of the longest size' : '';
  return {
    text: `ConvTranspose1d(${channels}, ${out}, ${kernel}, ${JSON.stringify(options)})${cut}`,
    parts: (dtype) => ({ conv: new nn.ConvTranspose1d(channels, out, kernel, { ...options, dtype }) }),
    compute: ([y], { conv }) => {
      if (fitted) {
        const least = (y!.shape.at(-1)! - 1) * stride - 2 * options.padding + dilation * (kernel - 1) + 1;
        return conv.forward(y, { outputSize: [least + Math.max(stride, dilation) - 1] });
      }
      const z: Tensor = conv.forward(y);
      return cuts ? z.narrow(-1, before, z.shape.at(-1)! - before - after) : z;
    },
  };
};

const functionalConv: Maker = (dice, x) => {
  const channels = channelsOf(x);
  if (channels === undefined) return undefined;
  const [out, kernel, padding] = [dice.integer(1, 5), dice.integer(1, 4), dice.integer(0, 2)];
  return {
    text: `functional.conv1d of a parameter (${out}, ${channels}, ${kernel}), padding ${padding}`,
    parts: (dtype) => ({ weight: new Parameter(randn(out, channels, kernel, { dtype }).mul(0.3)) }),
    compute: ([y], { weight }) => functional.conv1d(y!, weight, null, { padding }),
  };
};

const linear: Maker = (dice, x) => {
  const features = x.ndim > 0 ? x.fixed(-1) : undefined;
  if (features === undefined || features === 0) return undefined;
  const [out, bias] = [dice.integer(1, 8), dice.integer(0, 2) > 0];
  return {
    text: `Linear(${features}, ${out}${bias ? '' : ', no bias'})`,
    parts: (dtype) => ({ linear: new nn.Linear(features, out, { bias, dtype }) }),
    compute: ([y], { linear }) => linear.forward(y),
  };
};

const linearBehindTranspose: Maker = (dice, x) => {
  const channels = channelsOf(x);
  if (channels === undefined) return undefined;
  const [out, back] = [dice.integer(1, 8), dice.integer(0, 3) > 0];
  return {
    text: `Linear(${channels}, ${out}) behind transpose(-1, -2)${back ? ', and back' : ''}`,
    parts: (dtype) => ({ linear: new nn.Linear(channels, out, { dtype }) }),
    compute: ([y], { linear }) => {
      const z: Tensor = linear.forward(y!.transpose(-1, -2));
      return back ? z.transpose(-1, -2) : z;
    },
  };
};

const batchNorm: Maker = (dice, x) => {
  const channels = x.ndim === 2 || x.ndim === 3 ? x.fixed(1) : undefined;
  if (channels === undefined) return undefined;
  const affine = dice.integer(0, 3) > 0;
  return {
    text: `BatchNorm1d(${channels}${affine ? '' : ', not affine'})`,
    folds: true,
    parts: (dtype) => {
      const norm = new nn.BatchNorm1d(channels, { affine, dtype });
      const state = norm.stateDict();
      for (const name of ['running_mean', 'weight', 'bias']) {
        if (state[name] !== undefined) (state[name].data as Float32Array).set(randn(channels, { dtype }).data);
      }
      (state.running_var!.data as Float32Array).set(rand(channels, { dtype }).add(0.5).data);
      return { norm };
    },
    compute: ([y], { norm }) => norm.forward(y),
  };
};

function scattered<N extends nn.GroupNorm | nn.LayerNorm | nn.InstanceNorm1d>(norm: N): N {
  for (const parameter of norm.parameters()) {
    (parameter.data as Float32Array).set(randn(parameter.numel).data);
  }
  return norm;
}

const groupNorm: Maker = (dice, x) => {
  const channels = x.ndim >= 2 ? x.fixed(1) : undefined;
  if (channels === undefined || channels === 0) return undefined;
  const [groups, affine] = [divisor(dice, channels), dice.integer(0, 2) > 0];
  return {
    text: `GroupNorm(${groups}, ${channels}${affine ? '' : ', not affine'})`,
    parts: (dtype) => ({ norm: scattered(new nn.GroupNorm(groups, channels, { affine, dtype, eps: 0.1 })) }),
    compute: ([y], { norm }) => norm.forward(y),
  };
};

const instanceNorm: Maker = (dice, x) => {
  const channels = channelsOf(x);
  if (channels === undefined) return undefined;
  const [affine, trackRunningStats] = [dice.integer(0, 1) === 1, dice.integer(0, 3) === 0];
  return {
    text: `InstanceNorm1d(${channels}, affine ${affine}, trackRunningStats ${trackRunningStats})`,
    parts: (dtype) => ({
      norm: scattered(new nn.InstanceNorm1d(channels, { affine, trackRunningStats, dtype, eps: 0.1 })),
    }),
    folds: trackRunningStats,
    compute: ([y], { norm }) => norm.forward(y),
  };
};

const layerNorm: Maker = (dice, x) => {
  const last = x.ndim > 0 ? x.fixed(-1) : undefined;
  if (last === undefined || last === 0) return undefined;
  const before = x.ndim > 1 ? x.fixed(-2) : undefined;
  const shape = before !== undefined && before > 0 && dice.integer(0, 1) === 1 ? [before, last] : [last];
  return {
    text: `LayerNorm([${shape}])`,
    parts: (dtype) => ({ norm: scattered(new nn.LayerNorm(shape, { dtype, eps: 0.1 })) }),
    compute: ([y], { norm }) => norm.forward(y),
  };
};

const recurrent: Maker = (dice, x) => {
  const features = x.ndim === 3 || x.ndim === 2 ? x.fixed(-1) : undefined;
  if (features === undefined || features === 0) return undefined;
  const [kind, hidden] = [dice.pick('LSTM' as const, 'GRU' as const), dice.integer(1, 5)];
  const options = {
    bidirectional: dice.integer(0, 1) === 1,
    batchFirst: dice.integer(0, 1) === 1,
    numLayers: dice.pick(1, 1, 2),
    bias: dice.integer(0, 3) > 0,
  };
  const what = dice.pick('output', 'output and states', 'states');
  return {
    text: `${kind}(${features}, ${hidden}, ${JSON.stringify(options)}): ${what}`,
    parts: (dtype) => ({ layer: new nn[kind](features, hidden, { ...options, dtype }) }),
    compute: ([y], { layer }) => {
      const [output, states] = layer.forward(y) as [Tensor, Tensor | Tensor[]];
      const all = Array.isArray(states) ? states : [states];
      return what === 'output' ? output : what === 'states' ? all : [output, ...all];
    },
  };
};

const recurrentBehindTranspose: Maker = (dice, x) => {
  const channels = channelsOf(x);
  if (channels === undefined || x.ndim !== 3) return undefined;
  const [kind, hidden, bidirectional] = [
    dice.pick('LSTM' as const, 'GRU' as const),
    dice.integer(1, 5),
    dice.integer(0, 1) === 1,
  ];
  return {
    text: `${kind}(${channels}, ${hidden}, batchFirst, bidirectional ${bidirectional}) behind transpose(1, 2), and back`,
    parts: (dtype) => ({ layer: new nn[kind](channels, hidden, { batchFirst: true, bidirectional, dtype }) }),
    compute: ([y], { layer }) => layer.forward(y!.transpose(1, 2))[0].transpose(1, 2),
  };
};

const pool: Maker = (dice, x) => {
  if (x.ndim !== 2 && x.ndim !== 3) return undefined;
  const kernel = dice.integer(1, 4);
  const shared = {
    stride: dice.integer(1, 3),
    padding: dice.integer(0, Math.floor(kernel / 2)),
    ceilMode: dice.integer(0, 2) === 0,
  };
  const isMax = dice.integer(0, 1) === 1;
  const [dilation, countIncludePad] = [dice.pick(1, 1, 2), dice.integer(0, 1) === 1];
  return {
    text: `${isMax ? `MaxPool1d(${kernel}, dilation ${dilation}` : `AvgPool1d(${kernel}, countIncludePad ${countIncludePad}`}, ${JSON.stringify(shared)})`,
    parts: () => ({
      pool: isMax
        ? new nn.MaxPool1d(kernel, { ...shared, dilation })
        : new nn.AvgPool1d(kernel, { ...shared, countIncludePad }),
    }),
    compute: ([y], { pool }) => pool.forward(y),
  };
};

const adaptivePool: Maker = (dice, x) => {
  if (x.ndim !== 2 && x.ndim !== 3) return undefined;
  const [kind, size] = [dice.pick('AdaptiveAvgPool1d' as const, 'AdaptiveMaxPool1d' as const), dice.integer(1, 5)];
  return {
    text: `${kind}(${size})`,
    parts: () => ({ pool: new nn[kind](size) }),
    compute: ([y], { pool }) => pool.forward(y),
  };
};

const upsample: Maker = (dice, x) => {
  if (x.ndim !== 3) return undefined;
  const mode = dice.pick('nearest' as const, 'linear' as const);
  const alignCorners = mode === 'linear' && dice.integer(0, 1) === 1;
  const options = {
    mode,
    ...(dice.integer(0, 3) === 0 ? { size: dice.integer(1, 9) } : { scaleFactor: dice.pick(2, 3, 1.5, 0.5) }),
    ...(mode === 'linear' ? { alignCorners } : {}),
  };
  return {
    text: `Upsample(${JSON.stringify(options)})`,
    parts: () => ({ up: new nn.Upsample(options) }),
    compute: ([y], { up }) => up.forward(y),
  };
};

const paddingLayer: Maker = (dice, x) => {
  if (x.ndim !== 2 && x.ndim !== 3) return undefined;
  const [before, after, value] = [dice.integer(0, 3), dice.integer(0, 3), dice.pick(0, 0, 1.5)];
  const kind = dice.pick('ConstantPad1d', 'ZeroPad1d', 'ReflectionPad1d', 'ReplicationPad1d', 'functional.pad');
  const mode = dice.pick('constant' as const, 'reflect' as const, 'replicate' as const, 'circular' as const);
  const ends = [before, after] as const;
  const cuts = kind === 'functional.pad' && dice.integer(0, 2) === 0;
  const text =
    kind === 'functional.pad'
      ? `functional.pad([${cuts ? -before : before}, ${after}], ${mode})`
      : `${kind}([${ends}], ${value})`;
  return {
    text,
    parts: () => ({
      pad:
        kind === 'ConstantPad1d'
          ? new nn.ConstantPad1d(ends, value)
          : kind === 'ReflectionPad1d'
            ? new nn.ReflectionPad1d(ends)
            : kind === 'ReplicationPad1d'
              ? new nn.ReplicationPad1d(ends)
              : new nn.ZeroPad1d(ends),
    }),
    compute: ([y], { pad }) =>
      kind === 'functional.pad' ? functional.pad(y!, [cuts ? -before : before, after], { mode }) : pad.forward(y),
  };
};

/** Padding in front of a convolution that has none, as causal layers of published code do it. */
const paddedConv: Maker = (dice, x) => {
  const channels = channelsOf(x);
  if (channels === undefined) return undefined;
  const [kernel, dilation, out, stride] = [
    dice.integer(1, 5),
    dice.integer(1, 3),
    dice.integer(1, 6),
    dice.integer(1, 2),
  ];
  const mode = dice.pick('constant' as const, 'reflect' as const, 'replicate' as const, 'circular' as const);
  const ends = [dilation * (kernel - 1), dice.integer(0, 2)];
  const padding = dice.pick(0, 0, 1);
  return {
    text: `Conv1d(${channels}, ${out}, ${kernel}, dilation ${dilation}, stride ${stride}, padding ${padding}) behind functional.pad([${ends}], ${mode})`,
    parts: (dtype) => ({ conv: new nn.Conv1d(channels, out, kernel, { dilation, stride, padding, dtype }) }),
    compute: ([y], { conv }) => conv.forward(functional.pad(y!, ends, { mode })),
  };
};

export const LAYERS: readonly Maker[] = [
  conv,
  conv,
  conv,
  conv,
  paddedConv,
  convTranspose,
  convTranspose,
  functionalConv,
  linear,
  linear,
  linearBehindTranspose,
  linearBehindTranspose,
  batchNorm,
  batchNorm,
  groupNorm,
  instanceNorm,
  layerNorm,
  recurrent,
  recurrentBehindTranspose,
  pool,
  pool,
  adaptivePool,
  upsample,
  paddingLayer,
];
