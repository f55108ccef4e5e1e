// PyTorch's torch.optim: what learns parameters from their gradients.

export { Adam, type AdamOptions, AdamW } from './adam.ts';
export { type ClipGradNormOptions, clipGradNorm, clipGradValue } from './clipGradients.ts';
export type { ParamGroup, ParamGroupOptions, ScheduledNumbers } from './groups.ts';
export * as lrScheduler from './lrScheduler.ts';
export { Optimizer, type ZeroGradOptions } from './optimizer.ts';
export { SGD, type SGDOptions } from './sgd.ts';
export type { OptimizerStateDict } from './stateDict.ts';
