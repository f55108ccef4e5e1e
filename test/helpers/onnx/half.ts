/** The bits of a number as float16, to nearest, ties to even. */
export function halfBits(value: number): number {
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const size = Math.abs(value);
  if (Number.isNaN(value)) return 0x7e00;
  if (size >= 65_520) return sign | 0x7c00;
  const exponent = Math.max(Math.floor(Math.log2(size)), -14);
  // In units of the last of ten digits; a carry into the next power of two carries into the exponent by itself.
  const units = roundToEven(size / 2 ** (exponent - 10));
  return sign | (units < 1024 ? units : units + (exponent + 14) * 1024);
}

/** The number that float16 has nearest to it. */
export function toHalf(value: number): number {
  const bits = halfBits(value);
  const [sign, exponent, digits] = [bits & 0x8000 ? -1 : 1, (bits >> 10) & 31, bits & 1023];
  if (exponent === 31) return digits === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (exponent === 0 ? digits * 2 ** -24 : (1024 + digits) * 2 ** (exponent - 25));
}

function roundToEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  return rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? floor + 1 : floor;
}
