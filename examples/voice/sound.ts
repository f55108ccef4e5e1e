// What noises are made of: all at 16 kHz, as Float32Array.
import type { Random } from './random.ts';

export const SAMPLE_RATE = 16000;

export function white(random: Random, length: number): Float32Array {
  return Float32Array.from({ length }, () => random.normal());
}

/** One pole: 6 dB less for each octave above `frequency`. */
export function lowPass(sound: Float32Array, frequency: number): Float32Array {
  const share = 1 - Math.exp((-2 * Math.PI * frequency) / SAMPLE_RATE);
  let level = 0;
  return sound.map((value) => {
    level += share * (value - level);
    return level;
  });
}

/** What `lowPass` leaves out. */
export function highPass(sound: Float32Array, frequency: number): Float32Array {
  const low = lowPass(sound, frequency);
  return sound.map((value, i) => value - low[i]!);
}

/** Two poles that ring at `frequency`, over `bandwidth` Hz. */
export function resonate(sound: Float32Array, frequency: number, bandwidth: number): Float32Array {
  const radius = Math.exp((-Math.PI * bandwidth) / SAMPLE_RATE);
  const turn = 2 * radius * Math.cos((2 * Math.PI * frequency) / SAMPLE_RATE);
  let last = 0;
  let before = 0;
  return sound.map((value) => {
    const next = value + turn * last - radius * radius * before;
    before = last;
    last = next;
    return next;
  });
}

/** A curve from 0 to 1 through random points, `rate` of them per second. */
export function drift(random: Random, length: number, rate: number): Float32Array {
  const step = SAMPLE_RATE / rate;
  const points = Float32Array.from({ length: Math.ceil(length / step) + 2 }, () => random.next());
  return Float32Array.from({ length }, (_, i) => {
    const at = i / step;
    const left = Math.floor(at);
    const share = 0.5 - 0.5 * Math.cos(Math.PI * (at - left));
    return points[left]! * (1 - share) + points[left + 1]! * share;
  });
}

/** Overtones of a pitch in Hz, which may change from sample to sample; `strengths[i]` is that of overtone i + 1. */
export function overtones(
  random: Random,
  length: number,
  pitch: (i: number) => number,
  strengths: readonly number[],
): Float32Array {
  const sound = new Float32Array(length);
  for (const [index, strength] of strengths.entries()) {
    let phase = random.between(0, 2 * Math.PI);
    for (let i = 0; i < length; i++) {
      const frequency = pitch(i) * (index + 1);
      if (frequency > SAMPLE_RATE / 2) break;
      phase += (2 * Math.PI * frequency) / SAMPLE_RATE;
      sound[i]! += strength * Math.sin(phase);
    }
  }
  return sound;
}

/** Single samples of random height at random times, `rate` of them per second. */
export function impulses(random: Random, length: number, rate: number): Float32Array {
  const sound = new Float32Array(length);
  const gap = () => (-Math.log(1 - random.next()) * SAMPLE_RATE) / rate;
  for (let at = gap(); at < length; at += gap()) sound[Math.floor(at)] = random.normal();
  return sound;
}

export function times(sound: Float32Array, gain: (i: number) => number): Float32Array {
  return sound.map((value, i) => value * gain(i));
}

export function scaled(sound: Float32Array, gain: number): Float32Array {
  return mix([[sound, gain]]);
}

export function sum(...sounds: readonly Float32Array[]): Float32Array {
  return mix(sounds.map((sound) => [sound, 1]));
}

/** Sounds of one length, each times its gain. */
export function mix(parts: readonly (readonly [sound: Float32Array, gain: number])[]): Float32Array {
  const mixture = new Float32Array(parts[0]![0].length);
  for (const [sound, gain] of parts) {
    for (let i = 0; i < mixture.length; i++) mixture[i]! += gain * sound[i]!;
  }
  return mixture;
}

export function powerOf(sound: Float32Array): number {
  let total = 0;
  for (let i = 0; i < sound.length; i++) total += sound[i]! * sound[i]!;
  return total / sound.length;
}

/** The sound at a mean power of 1; silence stays silence. */
export function normalized(sound: Float32Array): Float32Array {
  const power = powerOf(sound);
  return power === 0 ? sound : scaled(sound, 1 / Math.sqrt(power));
}

/** By what a sound is multiplied to become louder by `value` dB. */
export function decibels(value: number): number {
  return 10 ** (value / 20);
}
