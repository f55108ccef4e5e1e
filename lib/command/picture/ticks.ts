/** A tick of an axis: where it is, from 0 at the axis's start to 1 at its end, and what is written beside it. */
export interface Tick {
  position: number;
  label: string;
}

/** Binary fractions miss round numbers by less than this part of a step. */
const ROUNDING = 1e-9;

/**
 * Ticks at round numbers: multiples of 1, 2 or 5 times a power of ten.
 *
 * @param most     how many ticks there is room for
 * @param minStep  ticks are at least this far apart; 1 keeps to whole numbers
 */
export function ticks(from: number, to: number, most: number, minStep: number): Tick[] {
  const step = roundStep(Math.max((to - from) / Math.max(1, most), minStep));
  const result: Tick[] = [];
  for (let i = Math.ceil(from / step - ROUNDING); i <= to / step + ROUNDING; i++) {
    const position = Math.min(1, Math.max(0, (i * step - from) / (to - from)));
    result.push({ position, label: format(i, step) });
  }
  return result;
}

/** The smallest of 1, 2, 5, 10, 20, ... (and 0.5, 0.2, ...) that is not below `atLeast`. */
function roundStep(atLeast: number): number {
  const power = 10 ** Math.floor(Math.log10(atLeast));
  const digit = [1, 2, 5].find((candidate) => candidate * power >= atLeast * (1 - ROUNDING));
  return (digit ?? 10) * power;
}

/** i * step without the noise of binary fractions: the digits that the step needs, 2e-7 where there would be many. */
function format(i: number, step: number): string {
  const value = i * step;
  const exponent = Math.floor(Math.log10(step) + ROUNDING);
  if (i === 0) return '0';
  if (exponent < -3 || exponent > 4) return Number(value.toPrecision(3)).toExponential().replace('+', '');
  return value.toFixed(Math.max(0, -exponent));
}
