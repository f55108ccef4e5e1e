import { fusedMultiplyAdd32 as fma } from './fusedMultiplyAdd.ts';

/**
 * The Box-Muller transform on blocks of 16 numbers, as torch applies it to whole tensors: the uniform numbers u[i] and
 * u[i + 8] become the normal numbers i and i + 8.
 *
 * In float32 torch computes logarithm, sine and cosine eight at a time, in float32, with the polynomials of Moshier's Cephes
 * library. We do the same operations in the same order, each rounded to float32, so that the same bits come out.
 */

export const BLOCK = 16;
const HALF = BLOCK / 2;
const { fround } = Math;

// Cephes logf: log(1 + x) = x - x^2/2 + x^3 P(x) for sqrt(1/2) <= 1 + x < sqrt(2), highest power first.
const LOG = [
  7.0376836292e-2, -1.151461031e-1, 1.167699874e-1, -1.2420140846e-1, 1.4249322787e-1, -1.6668057665e-1,
  2.0000714765e-1, -2.4999993993e-1, 3.3333331174e-1,
].map(fround);
// log(2), as a short number and what it lacks.
const LOG_2_HIGH = 0.693359375;
const LOG_2_LOW = fround(-2.1219444e-4);
const SQRT_HALF = fround(Math.SQRT1_2);

// Cephes sinf and cosf, on [-pi/4, pi/4]: sin(x) = x + x^3 S(x^2) and cos(x) = 1 - x^2/2 + x^4 C(x^2).
const SIN = [-1.9515295891e-4, 8.3321608736e-3, -1.6666654611e-1].map(fround);
const COS = [2.443315711809948e-5, -1.388731625493765e-3, 4.166664568298827e-2].map(fround);
// -pi/4 in three short parts, so that the first multiples are exact.
const MINUS_QUARTER_PI = [-0.78515625, -2.4187564849853516e-4, -3.774894977445941e-8].map(fround);
const QUARTERS = fround(4 / Math.PI);
const TURN = fround(2 * Math.PI);

const bits32 = new DataView(new ArrayBuffer(4));

/** Turns 16 uniform float32 numbers from [0, 1) into normal ones, in place. */
export function boxMuller32(array: Float32Array, start: number): void {
  for (let i = start; i < start + HALF; i++) {
    const radius = fround(Math.sqrt(fround(-2 * log32(fround(1 - array[i]!)))));
    const [sin, cos] = sinCos32(fround(TURN * array[i + HALF]!));
    // torch adds the mean, which turns -0 into 0.
    array[i] = fround(radius * cos) + 0;
    array[i + HALF] = fround(radius * sin) + 0;
  }
}

/** Turns 16 uniform float64 numbers from [0, 1) into normal ones, in place. */
export function boxMuller64(array: Float64Array, start: number): void {
  for (let i = start; i < start + HALF; i++) {
    const radius = Math.sqrt(-2 * Math.log(1 - array[i]!));
    const angle = 2 * Math.PI * array[i + HALF]!;
    array[i] = radius * Math.cos(angle) + 0;
    array[i + HALF] = radius * Math.sin(angle) + 0;
  }
}

/** The natural logarithm of a normal float32 number in (0, 1]. */
function log32(value: number): number {
  // value = (1 + x) * 2^exponent with 1 + x from [sqrt(1/2), sqrt(2)).
  bits32.setFloat32(0, value);
  const bits = bits32.getInt32(0);
  let exponent = (bits >>> 23) - 126;
  bits32.setInt32(0, (bits & 0x7fffff) | 0x3f000000);
  const mantissa = bits32.getFloat32(0);
  let x = fround(mantissa - 1);
  if (mantissa < SQRT_HALF) {
    exponent -= 1;
    x = fround(x + mantissa);
  }

  const square = fround(x * x);
  let y = fround(x * polynomial(LOG, x));
  y = fma(y, square, fround(exponent * LOG_2_LOW));
  y = fma(-0.5, square, y);
  return fma(exponent, LOG_2_HIGH, fround(x + y));
}

/** The sine and the cosine of a float32 number from [0, 2 pi]. */
function sinCos32(angle: number): [sin: number, cos: number] {
  // angle = octant * pi/4 + x with an even octant and x from [-pi/4, pi/4].
  const octant = (Math.trunc(fround(angle * QUARTERS)) + 1) & ~1;
  const x = MINUS_QUARTER_PI.reduce((rest, part) => fma(octant, part, rest), angle);

  const square = fround(x * x);
  const sin = fma(fround(square * polynomial(SIN, square)), x, x);
  const tail = fround(square * polynomial(COS, square));
  const cos = fround(fma(tail, square, -0.5 * square) + 1);
  switch (octant & 7) {
    case 0:
      return [sin, cos];
    case 2:
      return [cos, -sin];
    case 4:
      return [-sin, -cos];
    default:
      return [-cos, sin];
  }
}

/** The polynomial's value by Horner's rule, coefficients with the highest power first. */
function polynomial(coefficients: readonly number[], x: number): number {
  return coefficients.reduce((value, coefficient) => fma(value, x, coefficient));
}
