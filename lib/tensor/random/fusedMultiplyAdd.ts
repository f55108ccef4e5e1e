/**
 * a * b + c with a single rounding, which JavaScript has no instruction for.
 *
 * torch's kernels are compiled for CPUs with a fused multiply-add, and its random numbers show it in the last bit.
 */

const SPLITTER = 2 ** 27 + 1;

const float64 = new Float64Array(1);
const word64 = new BigInt64Array(float64.buffer);

/**
 * The float64 nearest to a * b + c; exact while no intermediate value over- or underflows (magnitudes of the products
 * between 2^-900 and 2^900, or zero).
 *
 * It keeps the product and the sums as unevaluated pairs (Dekker, Knuth), and rounds the last but one sum to odd, so that
 * the last one rounds correctly (Boldo and Melquiond, 2008).
 */
export function fusedMultiplyAdd(a: number, b: number, c: number): number {
  const product = a * b;
  const [aHigh, aLow] = halves(a);
  const [bHigh, bLow] = halves(b);
  const productRest = aLow * bLow - (product - aHigh * bHigh - aLow * bHigh - aHigh * bLow);

  const low = c + productRest;
  const lowRest = restOfSum(c, productRest, low);
  const high = product + low;
  const highRest = restOfSum(product, low, high);
  return high + sumToOdd(highRest, lowRest);
}

/**
 * The float32 nearest to a * b + c, of three float32 numbers that are of ordinary size.
 *
 * The product is exact in float64. The float64 sum is not, and rounding it again to float32 goes wrong in one case: when it
 * lies exactly between two float32 numbers and the true sum does not. Then the rest decides.
 */
export function fusedMultiplyAdd32(a: number, b: number, c: number): number {
  const product = a * b;
  const sum = product + c;
  const rounded = Math.fround(sum);
  const away = sum - rounded;
  if (away === 0) return rounded;
  const neighbour = rounded + 2 * away;
  if (Math.fround(neighbour) !== neighbour) return rounded;
  const rest = restOfSum(product, c, sum);
  if (rest === 0) return rounded;
  return rest > 0 ? Math.max(rounded, neighbour) : Math.min(rounded, neighbour);
}

/** a as the exact sum of two numbers of at most 26 bits each. */
export function halves(a: number): [high: number, low: number] {
  const scaled = SPLITTER * a;
  const high = scaled - (scaled - a);
  return [high, a - high];
}

/** What the rounded sum of a and b leaves out, exactly. */
export function restOfSum(a: number, b: number, sum: number): number {
  const partOfB = sum - a;
  return a - (sum - partOfB) + (b - partOfB);
}

/** a + b; when it is not exact, that one of the two neighbouring numbers whose last bit is 1. */
function sumToOdd(a: number, b: number): number {
  const sum = a + b;
  const rest = restOfSum(a, b, sum);
  if (rest === 0) return sum;
  float64[0] = sum;
  const bits = word64[0]!;
  if ((bits & 1n) === 1n) return sum;
  word64[0] = rest > 0 === sum > 0 ? bits + 1n : bits - 1n;
  return float64[0];
}
