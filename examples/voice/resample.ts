import { SAMPLE_RATE } from './sound.ts';

/** Zeros of the sinc on each side of its middle. */
const ZEROS = 12;

/** A sound at 16 kHz: at each new sample, the sum of the old ones around it, weighted by a sinc under a Hann window. */
export function resample(sound: Float32Array, rate: number): Float32Array {
  const step = rate / SAMPLE_RATE;
  const cut = Math.min(1, 1 / step);
  const reach = ZEROS / cut;
  // After this many new samples their places between the old ones begin again.
  const period = SAMPLE_RATE / gcd(rate, SAMPLE_RATE);
  const taps = Array.from({ length: period }, (_, phase) => {
    const at = (phase * step) % 1;
    return Float32Array.from({ length: 2 * Math.ceil(reach) }, (_, i) => {
      const x = (i + 1 - Math.ceil(reach) - at) * cut;
      if (Math.abs(x) >= ZEROS) return 0;
      const sinc = x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
      return cut * sinc * (0.5 + 0.5 * Math.cos((Math.PI * x) / ZEROS));
    });
  });
  // Silence at both ends, so that every sum has all its terms.
  const padded = new Float32Array(sound.length + 2 * taps[0]!.length);
  padded.set(sound, taps[0]!.length / 2 - 1);
  const result = new Float32Array(Math.floor(sound.length / step));
  for (let n = 0; n < result.length; n++) {
    const weights = taps[n % period]!;
    const first = Math.floor(n * step);
    let total = 0;
    for (let i = 0; i < weights.length; i++) total += weights[i]! * padded[first + i]!;
    result[n] = total;
  }
  return result;
}

function gcd(a: number, b: number): number {
  return b === 0 ? a : gcd(b, a % b);
}
