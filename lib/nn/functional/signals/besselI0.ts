/** The modified Bessel function of the first kind of order 0, by its power series, whose terms are all positive. */
export function besselI0(x: number): number {
  const quarter = (x * x) / 4;
  let sum = 1;
  let term = 1;
  for (let k = 1; term > sum * Number.EPSILON && Number.isFinite(sum); k++) {
    term *= quarter / (k * k);
    sum += term;
  }
  return sum;
}
