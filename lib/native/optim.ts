import type { FloatArray } from '../tensor/dtype.ts';
import { loadAddon } from './loadAddon.ts';

/** The numbers of a step of stochastic gradient descent. */
export interface SgdNumbers {
  readonly lr: number;
  readonly weightDecay: number;
  readonly momentum: number;
  readonly dampening: number;
  readonly nesterov: boolean;
  readonly maximize: boolean;
}

/** Those of a step of Adam. */
export interface AdamNumbers {
  /** Over 1 - beta1^t. */
  readonly rate: number;
  /** What a decoupled weight decay leaves of the parameter; 1 without. */
  readonly keep: number;
  /** What is added to the gradient of the parameter; 0 with a decoupled one. */
  readonly weightDecay: number;
  readonly beta1: number;
  readonly beta2: number;
  /** sqrt(1 - beta2^t) */
  readonly correction: number;
  readonly eps: number;
  readonly maximize: boolean;
}

/** The state of a parameter under Adam. */
export interface AdamMoments {
  readonly mean: FloatArray;
  readonly square: FloatArray;
  /** AMSGrad's; null without. */
  readonly largest: FloatArray | null;
}

/** A step of stochastic gradient descent; of the first one, the buffer of the momentum is written without being read. */
export function sgdStep(
  parameter: FloatArray,
  gradient: FloatArray,
  buffer: FloatArray | null,
  isFirst: boolean,
  { lr, weightDecay, momentum, dampening, nesterov, maximize }: SgdNumbers,
): void {
  loadAddon().sgdStep(parameter, gradient, buffer, isFirst, lr, weightDecay, momentum, dampening, nesterov, maximize);
}

/** A step of Adam. */
export function adamStep(
  parameter: FloatArray,
  gradient: FloatArray,
  { mean, square, largest }: AdamMoments,
  { rate, keep, weightDecay, beta1, beta2, correction, eps, maximize }: AdamNumbers,
): void {
  loadAddon().adamStep(
    parameter,
    gradient,
    mean,
    square,
    largest,
    rate,
    keep,
    weightDecay,
    beta1,
    beta2,
    correction,
    eps,
    maximize,
  );
}
