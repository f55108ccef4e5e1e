// PyTorch's torch.optim.lr_scheduler: learning-rate schedules.

export { CosineAnnealingLR, type CosineAnnealingLROptions } from './schedules/cosineAnnealingLR.ts';
export { ExponentialLR } from './schedules/exponentialLR.ts';
export { LambdaLR, type LrLambda } from './schedules/lambdaLR.ts';
export { MultiStepLR } from './schedules/multiStepLR.ts';
export { OneCycleLR, type OneCycleLROptions } from './schedules/oneCycleLR.ts';
export { ReduceLROnPlateau, type ReduceLROnPlateauOptions } from './schedules/reduceLROnPlateau.ts';
export { LRScheduler, type SchedulerOptions, type SchedulerStateDict } from './schedules/scheduler.ts';
export { StepLR, type StepLROptions } from './schedules/stepLR.ts';
