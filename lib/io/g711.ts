// ITU-T G.711: a byte has a sign, three bits of exponent and four of mantissa. The numbers are those of 16-bit PCM.

/** The 256 numbers of A-law, from -32256 to 32256. */
export const A_LAW: Int16Array = Int16Array.from({ length: 256 }, (_, byte) => {
  const bits = byte ^ 0x55; // every other bit is inverted on the wire
  const exponent = (bits >> 4) & 7;
  const mantissa = ((bits & 15) << 4) + 8;
  const magnitude = exponent === 0 ? mantissa : (mantissa + 0x100) << (exponent - 1);
  return bits & 0x80 ? magnitude : -magnitude;
});

/** The 256 numbers of mu-law, from -32124 to 32124. */
export const MU_LAW: Int16Array = Int16Array.from({ length: 256 }, (_, byte) => {
  const bits = ~byte; // all bits are inverted on the wire
  const bias = 0x84;
  const magnitude = ((((bits & 15) << 3) + bias) << ((bits >> 4) & 7)) - bias;
  return bits & 0x80 ? -magnitude : magnitude;
});
