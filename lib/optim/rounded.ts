import { halves, restOfSum } from '../tensor/random/fusedMultiplyAdd.ts';

// Powers and cosines as the C library has them, which Python asks and which rounds them correctly in all but one case of a thousand or more.
// Math.pow and Math.cos of V8 are off by a bit in one case of ten and of thirty, and a schedule that multiplies keeps what it lost.

/** A number with twice the digits: the sum of both, of which the first is the nearest float64. */
type Pair = readonly [high: number, low: number];

/** Where neither a product nor its rest over- or underflows. */
const LEAST = 1e-250;
const MOST = 1e250;

/** pi / 2 as a sum. */
const QUARTER_TURN = [1.5707963267948966, 6.123233995736766e-17, -1.4973849048591698e-33] as const;

/** Up to here the multiples of a quarter turn are exact enough. */
const MOST_TURNS = 2 ** 30;

/** Terms of a Taylor series at pi / 4 that leave less than 2^-110. */
const TERMS = 28;

/** `base` to the power of `exponent`, an integer from 0 on. */
export function power(base: number, exponent: number): number {
  const near = base ** exponent;
  const magnitude = Math.abs(near);
  if (!(magnitude > LEAST && magnitude < MOST)) return near;
  let result: Pair = [1, 0];
  let square: Pair = [base, 0];
  for (let rest = exponent; ; square = product(square, square)) {
    if (rest % 2 === 1) result = product(result, square);
    rest = Math.floor(rest / 2);
    if (rest === 0) return result[0];
  }
}

/** The cosine of an angle. */
export function cosine(angle: number): number {
  const quarters = Math.round(angle / QUARTER_TURN[0]);
  if (!(Math.abs(quarters) < MOST_TURNS)) return Math.cos(angle);
  const rest = QUARTER_TURN.reduce<Pair>((left, part) => sum(left, exact(-quarters, part)), [angle, 0]);
  const quadrant = ((quarters % 4) + 4) % 4;
  const isSine = quadrant % 2 === 1;
  const [high] = series(rest, isSine);
  return quadrant === 1 || quadrant === 2 ? -high : high;
}

/** The sine or cosine of an angle of at most pi / 4: x^n / n! for every second n, with alternating signs. */
function series(x: Pair, isSine: boolean): Pair {
  const [high, low] = product(x, x);
  const minusSquare: Pair = [-high, -low];
  let term: Pair = isSine ? x : [1, 0];
  let total = term;
  for (let n = isSine ? 3 : 2; n < TERMS; n += 2) {
    term = quotient(product(term, minusSquare), n * (n - 1));
    total = sum(total, term);
  }
  return total;
}

/** a * b. */
function exact(a: number, b: number): Pair {
  const high = a * b;
  const [aHigh, aLow] = halves(a);
  const [bHigh, bLow] = halves(b);
  return [high, aLow * bLow - (high - aHigh * bHigh - aLow * bHigh - aHigh * bLow)];
}

function product([a, aRest]: Pair, [b, bRest]: Pair): Pair {
  const [high, low] = exact(a, b);
  return renormalised(high, low + (a * bRest + aRest * b));
}

function sum([a, aRest]: Pair, [b, bRest]: Pair): Pair {
  const high = a + b;
  const [rest, lowest] = renormalised(aRest, bRest);
  const [top, next] = renormalised(high, restOfSum(a, b, high) + rest);
  return renormalised(top, next + lowest);
}

function quotient([a, aRest]: Pair, divisor: number): Pair {
  const high = a / divisor;
  const [back, backRest] = exact(high, divisor);
  return renormalised(high, (a - back - backRest + aRest) / divisor);
}

function renormalised(a: number, b: number): Pair {
  const high = a + b;
  return [high, restOfSum(a, b, high)];
}
