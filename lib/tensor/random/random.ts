import { randomInt } from 'node:crypto';
import { rangeError, typeError } from '../../check/errors.ts';
import { describe } from '../../check/validate.ts';
import { dtypeOf, type FloatArray, isFloat32, torchName } from '../dtype.ts';
import { BLOCK, boxMuller32, boxMuller64 } from './boxMuller.ts';
import { fusedMultiplyAdd } from './fusedMultiplyAdd.ts';
import { Mt19937 } from './mt19937.ts';

/**
 * torch's generator of random numbers on a CPU: the same seed gives the same numbers, bit for bit.
 *
 * There is one generator per thread of JavaScript. As in torch, it starts from an unpredictable seed.
 */
const generator = {
  /** Made at the first use, unless {@link manualSeed} came before. */
  engine: null as Mt19937 | null,
  /** Box-Muller makes two normal numbers; small tensors take them one by one, and one may be left for the next tensor. */
  spareNormal: null as number | null,
};

/** The numbers of torch's uniform float32 and float64 distributions are multiples of these. */
const STEP_32 = 2 ** -24;
const STEP_64 = 2 ** -53;
const LARGEST = { float32: 2 ** 128 - 2 ** 104, float64: Number.MAX_VALUE } as const;

/**
 * Seeds the generator that `rand`, `randn` and new layers draw from, as `torch.manual_seed(seed)` does.
 *
 * @param seed  an integer from -2^63 to 2^64 - 1, as a bigint when it is beyond 2^53 - 1. torch uses its low 32 bits.
 * @throws TypeError ERR_CONV1D_TYPE    when the seed is neither a number nor a bigint
 * @throws RangeError ERR_CONV1D_VALUE  when it is no integer, or beyond what is allowed
 * @example
 * manualSeed(0);
 * rand(3);   // tensor([0.4963, 0.7682, 0.0885])
 * @category Tensors
 */
export function manualSeed(seed: number | bigint): void {
  generator.engine = new Mt19937(low32Bits(seed));
  generator.spareNormal = null;
}

function low32Bits(seed: unknown): number {
  if (typeof seed === 'number') {
    if (!Number.isInteger(seed)) {
      throw rangeError('ERR_CONV1D_VALUE', `manual_seed expected a long, but got ${seed}; give an integer`);
    }
    if (!Number.isSafeInteger(seed)) {
      throw rangeError(
        'ERR_CONV1D_VALUE',
        `the seed ${seed} is beyond 2^53 - 1 and therefore not exact; give a bigint: ${BigInt(seed)}n`,
      );
    }
    return Number(BigInt.asUintN(32, BigInt(seed)));
  }
  if (typeof seed === 'bigint') {
    if (seed < -(2n ** 63n) || seed >= 2n ** 64n) {
      throw rangeError('ERR_CONV1D_VALUE', 'Overflow when unpacking long: a seed is an integer from -2^63 to 2^64 - 1');
    }
    return Number(BigInt.asUintN(32, seed));
  }
  throw typeError('ERR_CONV1D_TYPE', `manual_seed expected a long, but got ${describe(seed)}; give an integer`);
}

/**
 * Fills an array with numbers evenly distributed over [from, to), as `tensor.uniform_(from, to)` does.
 *
 * @throws RangeError ERR_CONV1D_VALUE  when `from` is above `to`, or they are further apart than the largest number
 */
export function uniform(array: FloatArray, from = 0, to = 1): void {
  const dtype = dtypeOf(array);
  for (const [name, bound] of [
    ['from', from],
    ['to', to],
  ] as const) {
    if (typeof bound !== 'number') {
      throw typeError('ERR_CONV1D_TYPE', `uniform_(): argument '${name}' must be a number, not ${describe(bound)}`);
    }
    if (!(Math.abs(bound) <= LARGEST[dtype])) {
      throw rangeError('ERR_CONV1D_VALUE', `${name} is out of bounds for ${dtype}: ${bound}`);
    }
  }
  if (from > to) {
    throw rangeError(
      'ERR_CONV1D_VALUE',
      `uniform_ expects to return a [from, to) range, but found from=${from} > to=${to}`,
    );
  }
  if (to - from > LARGEST[dtype]) {
    throw rangeError(
      'ERR_CONV1D_VALUE',
      `uniform_ expects to-from <= std::numeric_limits<${torchName(dtype)}>::max(), but found to=${to} and from=${from} which result in to-from to exceed the limit`,
    );
  }
  if (isFloat32(array)) uniform32(array, 0, from, to);
  else uniform64(array, 0, from, to);
}

/**
 * Fills an array with numbers of mean 0 and standard deviation 1, as `tensor.normal_()` does.
 *
 * In float32 the bits are torch's (on a CPU with AVX2, which its kernel needs). In float64 logarithm, sine and cosine come from
 * V8 where torch takes them from the C library: of 600,000 numbers 6 % differed, by 3 units in the last place at most.
 */
export function normal(array: FloatArray): void {
  if (array.length < BLOCK) {
    for (let i = 0; i < array.length; i++) array[i] = nextNormal();
  } else if (isFloat32(array)) {
    uniform32(array, 0);
    inBlocks(array, uniform32, boxMuller32);
  } else {
    uniform64(array, 0);
    inBlocks(array, uniform64, boxMuller64);
  }
}

/** Transforms whole blocks; where the length is no multiple of them, the last block is drawn anew and overlaps. */
function inBlocks<A extends FloatArray>(
  array: A,
  draw: (array: A, start: number) => void,
  transform: (array: A, start: number) => void,
): void {
  const whole = array.length - (array.length % BLOCK);
  for (let start = 0; start < whole; start += BLOCK) transform(array, start);
  if (whole < array.length) {
    draw(array, array.length - BLOCK);
    transform(array, array.length - BLOCK);
  }
}

/** One float32 takes 24 of 32 bits; torch scales it in float64 and rounds once. */
function uniform32(array: Float32Array, start: number, from = 0, to = 1): void {
  const engine = currentEngine();
  const low = Math.fround(from);
  const range = Math.fround(Math.fround(to) - low);
  for (let i = start; i < array.length; i++) array[i] = (engine.next() & 0xffffff) * STEP_32 * range + low;
}

/** One float64 takes 53 of 64 bits, the high word drawn first; torch scales it with a fused multiply-add. */
function uniform64(array: Float64Array, start: number, from = 0, to = 1): void {
  const engine = currentEngine();
  const range = to - from;
  for (let i = start; i < array.length; i++) {
    const fraction = fraction53(engine);
    array[i] = from === 0 ? fraction * range : fusedMultiplyAdd(fraction, range, from);
  }
}

function fraction53(engine: Mt19937): number {
  const high = engine.next() & 0x1fffff;
  return (high * 2 ** 32 + engine.next()) * STEP_64;
}

/** One normal number at a time, in float64 whatever it is for; tensors of fewer than 16 elements are made of these. */
function nextNormal(): number {
  const spare = generator.spareNormal;
  if (spare !== null) {
    generator.spareNormal = null;
    return spare;
  }
  const engine = currentEngine();
  const angle = 2 * Math.PI * fraction53(engine);
  const radius = Math.sqrt(-2 * Math.log(1 - fraction53(engine)));
  generator.spareNormal = radius * Math.sin(angle);
  return radius * Math.cos(angle);
}

function currentEngine(): Mt19937 {
  generator.engine ??= new Mt19937(randomInt(2 ** 32));
  return generator.engine;
}
