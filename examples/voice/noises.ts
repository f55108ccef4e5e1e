// Noises, each made anew from random numbers. The network learns with those of TRAINING_NOISES alone.
import type { Random } from './random.ts';
import {
  drift,
  highPass,
  impulses,
  lowPass,
  normalized,
  overtones,
  resonate,
  SAMPLE_RATE,
  scaled,
  sum,
  times,
  white,
} from './sound.ts';

export type Noise = (random: Random, length: number) => Float32Array;

/** 3 dB less for each octave: poles two octaves apart, each for half the amplitude of the one below. */
function pink(random: Random, length: number): Float32Array {
  const source = white(random, length);
  return sum(...[20, 80, 320, 1280, 5120].map((frequency) => normalized(lowPass(source, frequency))));
}

function brown(random: Random, length: number): Float32Array {
  return highPass(lowPass(white(random, length), 10), 10);
}

/** Strengths that fall like 1 / n ** slope, with chance. */
function falling(random: Random, count: number, slope: number): number[] {
  return Array.from({ length: count }, (_, i) => random.between(0.2, 1) / (i + 1) ** slope);
}

function hum(random: Random, length: number): Float32Array {
  const mains = random.pick([50, 60]);
  const tone = overtones(random, length, () => mains, falling(random, random.integer(4, 30), random.between(0.5, 1.5)));
  return sum(normalized(tone), scaled(pink(random, length), 0.02));
}

/** Clicks and knocks, now and then or in a rhythm. */
function clicks(random: Random, length: number): Float32Array {
  const rate = random.betweenOctaves(1, 20);
  const struck = random.next() < 0.5 ? impulses(random, length, rate) : rhythm(random, length, rate);
  const body = resonate(struck, random.betweenOctaves(80, 6000), random.betweenOctaves(30, 1500));
  return sum(normalized(body), scaled(pink(random, length), random.betweenOctaves(0.01, 0.5)));
}

/** One to four impulses that come again and again. */
function rhythm(random: Random, length: number, rate: number): Float32Array {
  const sound = new Float32Array(length);
  const period = SAMPLE_RATE / rate;
  const beats = Array.from({ length: random.integer(1, 4) }, () => random.next());
  for (let begin = 0; begin < length; begin += period) {
    for (const beat of beats) sound[Math.floor(begin + beat * period)] = random.between(0.5, 1);
  }
  return sound;
}

function wind(random: Random, length: number): Float32Array {
  const gusts = drift(random, length, random.betweenOctaves(0.3, 3));
  const howl = resonate(white(random, length), random.between(200, 700), random.between(50, 200));
  const air = lowPass(lowPass(white(random, length), 300), random.betweenOctaves(200, 1000));
  return times(sum(normalized(air), scaled(normalized(howl), random.between(0, 0.5))), (i) => 0.1 + gusts[i]! ** 2);
}

function engine(random: Random, length: number): Float32Array {
  const speed = drift(random, length, random.betweenOctaves(0.1, 1));
  const idle = random.betweenOctaves(20, 90);
  const range = random.between(0, 1);
  const tone = overtones(
    random,
    length,
    (i) => idle * (1 + range * speed[i]!),
    falling(random, random.integer(10, 40), random.between(0.3, 1)),
  );
  const exhaust = lowPass(white(random, length), random.betweenOctaves(200, 2000));
  return sum(normalized(tone), scaled(normalized(exhaust), 0.3));
}

/** Noise through one to four resonances, which may come and go. */
function coloured(random: Random, length: number): Float32Array {
  const bands = Array.from({ length: random.integer(1, 4) }, () => {
    const band = resonate(white(random, length), random.betweenOctaves(80, 7000), random.betweenOctaves(50, 3000));
    const level = drift(random, length, random.betweenOctaves(0.2, 12));
    const depth = random.between(0, 1);
    return times(normalized(band), (i) => 1 - depth + depth * level[i]!);
  });
  return sum(...bands, scaled(pink(random, length), random.between(0, 0.05)));
}

/** Notes of one to four tones, one after another. */
function notes(random: Random, length: number): Float32Array {
  const sound = new Float32Array(length);
  const beat = random.between(0.08, 0.8);
  for (let begin = 0; begin < length; ) {
    const count = Math.min(length - begin, Math.floor(SAMPLE_RATE * beat * random.integer(1, 4)));
    const decay = random.betweenOctaves(0.05, 2) * SAMPLE_RATE;
    if (random.next() < 0.8) {
      for (let voice = random.integer(1, 4); voice > 0; voice--) {
        const pitch = random.betweenOctaves(100, 2500);
        const slide = random.next() < 0.2 ? random.between(-0.5, 0.5) : 0;
        const tone = overtones(
          random,
          count,
          (i) => pitch * (1 + (slide * i) / count),
          falling(random, random.integer(1, 8), 1),
        );
        for (let i = 0; i < count; i++) sound[begin + i]! += tone[i]! * Math.exp(-i / decay);
      }
    }
    begin += count;
  }
  return sum(normalized(sound), scaled(pink(random, length), 0.02));
}

/** Tones or hisses that are switched on and off, fast or slowly, by one switch or two. */
function pulses(random: Random, length: number): Float32Array {
  const voices = Array.from({ length: random.integer(1, 3) }, () => {
    const pitch = random.betweenOctaves(300, 7000);
    const source =
      random.next() < 0.7
        ? overtones(random, length, () => pitch, falling(random, random.integer(1, 5), 1))
        : resonate(white(random, length), pitch, random.betweenOctaves(100, 2000));
    const switches = Array.from({ length: random.integer(1, 2) }, (_, i) => ({
      period: SAMPLE_RATE / (i === 0 ? random.betweenOctaves(0.5, 60) : random.betweenOctaves(0.3, 3)),
      share: random.between(0.2, 0.8),
    }));
    const isOn = (i: number): boolean => switches.every(({ period, share }) => (i / period) % 1 < share);
    return times(normalized(source), (i) => (isOn(i) ? 1 : 0));
  });
  return sum(...voices, scaled(pink(random, length), random.betweenOctaves(0.01, 0.3)));
}

/** Two kinds at once. */
function both(random: Random, length: number): Float32Array {
  const [first, second] = [random.pick(SINGLE), random.pick(SINGLE)];
  return sum(normalized(first(random, length)), scaled(normalized(second(random, length)), random.between(0.2, 1)));
}

const SINGLE: readonly Noise[] = [white, pink, brown, hum, clicks, wind, engine, coloured, notes, pulses];

export const TRAINING_NOISES: Readonly<Record<string, Noise>> = {
  white,
  pink,
  brown,
  hum,
  clicks,
  wind,
  engine,
  coloured,
  notes,
  pulses,
  both,
};

/** Drops on a roof, over a hiss. */
function rain(random: Random, length: number): Float32Array {
  const drops = resonate(impulses(random, length, 300), 2500, 1500);
  const hiss = highPass(white(random, length), 1500);
  return sum(normalized(drops), normalized(hiss));
}

/** Blades that chop the air: noise whose level goes up and down, and their tone. */
function fan(random: Random, length: number): Float32Array {
  const rate = random.between(20, 45);
  const air = lowPass(white(random, length), 800);
  const chopped = times(air, (i) => 1 + 0.6 * Math.sin((2 * Math.PI * rate * i) / SAMPLE_RATE));
  return sum(
    normalized(chopped),
    scaled(
      overtones(random, length, () => 3 * rate, [1, 0.5, 0.3, 0.2]),
      0.3,
    ),
  );
}

/** A rumble, and wheels over the joints of the rails. */
function train(random: Random, length: number): Float32Array {
  const rumble = lowPass(lowPass(white(random, length), 150), 400);
  const joints = new Float32Array(length);
  const gap = random.between(0.5, 0.8) * SAMPLE_RATE;
  for (let at = 0; at + 2000 < length; at += gap) {
    for (const wheel of [0, 0.09, 0.25, 0.34]) joints[Math.floor(at + wheel * SAMPLE_RATE) % length] = 1;
  }
  return sum(normalized(rumble), normalized(resonate(resonate(joints, 180, 40), 600, 200)));
}

/** Fingers on keys: bursts of a strike and a release each. */
function keyboard(random: Random, length: number): Float32Array {
  const struck = new Float32Array(length);
  for (let at = 0; at < length; at += random.between(0.07, 0.35) * SAMPLE_RATE) {
    if (random.next() < 0.1) at += SAMPLE_RATE;
    for (const part of [0, 0.07]) {
      const begin = Math.floor(at + part * SAMPLE_RATE);
      for (let i = 0; i < 300 && begin + i < length; i++) struck[begin + i] = random.normal() * Math.exp(-i / 60);
    }
  }
  return sum(normalized(resonate(struck, 2200, 900)), scaled(pink(random, length), 0.03));
}

/** The sea: waves that swell and break. */
function waves(random: Random, length: number): Float32Array {
  const period = random.between(4, 7) * SAMPLE_RATE;
  const swell = (i: number): number => 0.15 + ((1 + Math.sin((2 * Math.PI * i) / period)) / 2) ** 2;
  return sum(
    times(lowPass(white(random, length), 1200), swell),
    times(highPass(white(random, length), 3000), (i) => 0.1 * swell(i) ** 2),
  );
}

/** Chirps of crickets at night. */
function crickets(random: Random, length: number): Float32Array {
  const songs = Array.from({ length: 3 }, () => {
    const pitch = random.between(3500, 5500);
    const rate = random.between(25, 40);
    const song = random.between(0.6, 1.4);
    const on = (i: number): number => ((i / SAMPLE_RATE / song) % 1 < 0.5 ? 1 : 0);
    const pulse = (i: number): number => Math.max(0, Math.sin((2 * Math.PI * rate * i) / SAMPLE_RATE));
    return times(
      overtones(random, length, () => pitch, [1]),
      (i) => on(i) * pulse(i),
    );
  });
  return sum(...songs, scaled(pink(random, length), 0.02));
}

/** A motor's tones and the air that it draws. */
function vacuumCleaner(random: Random, length: number): Float32Array {
  const pitch = random.between(180, 320);
  const wobble = drift(random, length, 4);
  const motor = overtones(
    random,
    length,
    (i) => pitch * (1 + 0.02 * wobble[i]!),
    [1, 0.6, 0.8, 0.3, 0.3, 0.2, 0.2, 0.1],
  );
  const air = resonate(white(random, length), 900, 1800);
  return sum(scaled(normalized(motor), 0.6), normalized(air));
}

/** Kinds that the network never hears while it learns. */
export const HELD_OUT_NOISES: Readonly<Record<string, Noise>> = {
  rain,
  fan,
  train,
  keyboard,
  waves,
  crickets,
  'vacuum cleaner': vacuumCleaner,
};
