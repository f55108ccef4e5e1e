/**
 * Fused multiply-add, which JavaScript lacks: a * b + c with a single rounding. The NaN of either is any NaN.
 */

const view = new DataView(new ArrayBuffer(8));

/** The float32 nearest to a * b + c, for float32 arguments. */
export function fmaf(a: number, b: number, c: number): number {
  // Exact: two 24-bit factors make at most 48 bits, and the exponents are far inside those of a double.
  const product = a * b;
  const sum = product + c;
  // What the sum lost to rounding, exactly (Knuth's TwoSum); NaN when something is infinite.
  const back = sum - product;
  const lost = product - (sum - back) + (c - back);
  return Math.fround(lost === 0 || Number.isNaN(lost) ? sum : roundedToOdd(sum, lost));
}

/**
 * Of the two doubles around the exact value `sum + lost`, the one with an odd mantissa. It is never half-way between two
 * float32 values unless the exact value is, so that rounding it once more gives what one rounding would have given.
 */
function roundedToOdd(sum: number, lost: number): number {
  view.setFloat64(0, sum);
  const bits = view.getBigInt64(0);
  if (bits & 1n) return sum;
  view.setBigInt64(0, lost > 0 === sum > 0 ? bits + 1n : bits - 1n);
  return view.getFloat64(0);
}

const MANTISSA_BITS = 53;
const LEAST_EXPONENT = -1074;

/** The float64 nearest to a * b + c, by integer arithmetic: slow and plain. */
export function fma(a: number, b: number, c: number): number {
  if (!Number.isFinite(a) || !Number.isFinite(b)) return a * b + c;
  if (!Number.isFinite(c)) return c;
  // A product that is truly zero leaves the sign of a zero sum to the ordinary addition.
  if (a === 0 || b === 0) return a * b + c;

  const [ma, ea] = decomposed(a);
  const [mb, eb] = decomposed(b);
  const [mc, ec] = decomposed(c);
  const least = Math.min(ea + eb, ec);
  const sum = ((ma * mb) << BigInt(ea + eb - least)) + (mc << BigInt(ec - least));
  return sum < 0n ? -rounded(-sum, least) : rounded(sum, least);
}

/** A finite double as integer * 2^exponent. */
function decomposed(x: number): [mantissa: bigint, exponent: number] {
  view.setFloat64(0, x);
  const bits = view.getBigUint64(0);
  const biased = Number((bits >> 52n) & 0x7ffn);
  const fraction = bits & 0xfffffffffffffn;
  const mantissa = biased === 0 ? fraction : fraction | (1n << 52n);
  return [bits >> 63n ? -mantissa : mantissa, Math.max(biased, 1) - 1075];
}

/** The double nearest to mantissa * 2^exponent, ties to even. */
function rounded(mantissa: bigint, exponent: number): number {
  const excess = Math.max(bitLength(mantissa) - MANTISSA_BITS, LEAST_EXPONENT - exponent);
  if (excess <= 0) return Number(mantissa) * 2 ** exponent;
  const shift = BigInt(excess);
  const kept = mantissa >> shift;
  const rest = mantissa - (kept << shift);
  const half = 1n << (shift - 1n);
  const up = rest > half || (rest === half && (kept & 1n) === 1n);
  return Number(up ? kept + 1n : kept) * 2 ** (exponent + excess);
}

function bitLength(mantissa: bigint): number {
  const hex = mantissa.toString(16);
  return 4 * hex.length - (Math.clz32(Number.parseInt(hex[0]!, 16)) - 28);
}
