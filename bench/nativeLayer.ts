import type * as Binding from '../binding.d.ts';
import type { Problem } from './problems.ts';

/** The layer of a problem on a build of the addon, without what lib/ adds. */
export function nativeLayer(addon: typeof Binding, p: Problem): Binding.Convolution {
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
  );
}
