import type * as Binding from '../binding.d.ts';
import type { Problem } from './problems.ts';
import type { Algorithm } from './results.ts';

/** What the package allows the weights of a fast algorithm unless told otherwise. */
const MAX_WEIGHT_BYTES = 2 ** 28;

/** The layer of a problem on a build of the addon, without what lib/ adds. */
export function nativeLayer(addon: typeof Binding, p: Problem, algorithm: Algorithm = 'direct'): Binding.Convolution {
  const { inChannels, outChannels, kernelSize, stride, padLeft, padRight, dilation, groups } = p;
  return new addon.Convolution(
    'float32',
    inChannels,
    outChannels,
    kernelSize,
    stride,
    padLeft,
    padRight,
    dilation,
    groups,
    'zeros',
    algorithm,
    MAX_WEIGHT_BYTES,
  );
}
