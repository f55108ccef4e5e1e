import type { Conv1dParameters } from '../convolution/parameters.ts';

/** How far from its first to its last tap a kernel reaches: that many earlier inputs can still be needed. */
export function reachOf({ span }: Conv1dParameters): number {
  return span - 1;
}

/** The outputs whose windows lie within `available` positions, counted from where the first window begins. */
export function outputsWithin({ span, stride }: Conv1dParameters, available: number): number {
  return available < span ? 0 : Math.floor((available - span) / stride) + 1;
}

/** Whether the padding is made of inputs, which must be there before it is. */
export function repeatsInputs({ paddingMode, padLeft, padRight }: Conv1dParameters): boolean {
  return paddingMode !== 'zeros' && padLeft + padRight > 0;
}

/**
 * The inputs that the padding on the left waits for, and every output with it. Zeros wait for the first input, since a signal
 * without any has no output; so does 'replicate', which repeats it. 'reflect' mirrors `padLeft` inputs about the first.
 */
export function inputsToBegin(parameters: Conv1dParameters): number {
  return parameters.paddingMode === 'reflect' ? parameters.padLeft + 1 : 1;
}

/** The last inputs that the padding on the right is made of. */
export function inputsToEnd({ paddingMode, padRight }: Conv1dParameters): number {
  if (paddingMode === 'zeros' || padRight === 0) return 0;
  return paddingMode === 'reflect' ? padRight + 1 : 1;
}

/** How many of the last inputs are kept for paddings that are still to be made. */
export function recentAt(parameters: Conv1dParameters, received: number): number {
  if (!repeatsInputs(parameters)) return 0;
  return received < inputsToBegin(parameters) ? received : Math.min(received, inputsToEnd(parameters));
}

/**
 * How far `received` inputs, with the padding on their left, reach beyond the beginning of the next output's window. Negative
 * while a stride longer than the span skips inputs.
 */
export function leadAfter(parameters: Conv1dParameters, received: number): number {
  const arrived = parameters.padLeft + received;
  if (received < inputsToBegin(parameters)) return arrived;
  return arrived - outputsWithin(parameters, arrived) * parameters.stride;
}

/**
 * How many of those positions are remembered; where padding is wider than the kernel reaches, the others are zeros. None while
 * the padding on the left waits for its inputs.
 */
export function carriedAt(parameters: Conv1dParameters, received: number, lead: number): number {
  if (repeatsInputs(parameters) && received < inputsToBegin(parameters)) return 0;
  return Math.min(Math.max(lead, 0), reachOf(parameters));
}
