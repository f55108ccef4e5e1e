import type { Conv1dParameters } from '../convolution/parameters.ts';

/** How far a kernel reaches from its first to its last tap: the number of earlier inputs that an output can still need. */
export function reachOf({ span }: Conv1dParameters): number {
  return span - 1;
}

/** The outputs whose windows lie within `available` positions, counted from where the first window begins. */
export function outputsWithin({ span, stride }: Conv1dParameters, available: number): number {
  return available < span ? 0 : Math.floor((available - span) / stride) + 1;
}

/**
 * How far `received` inputs, with the padding on their left, reach beyond the beginning of the next output's window. Negative
 * while a stride longer than the span skips inputs.
 */
export function leadAfter(parameters: Conv1dParameters, received: number): number {
  const arrived = parameters.padLeft + received;
  // Outputs of padding alone come with the first input: a signal without any has none.
  return received === 0 ? arrived : arrived - outputsWithin(parameters, arrived) * parameters.stride;
}

/** How many of those positions the history holds; where padding is wider than the kernel reaches, the others are zeros. */
export function carriedAt(parameters: Conv1dParameters, lead: number): number {
  return Math.min(Math.max(lead, 0), reachOf(parameters));
}
