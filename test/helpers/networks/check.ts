import { compile, Network, setNumThreads, Tensor } from '../../../lib/index.ts';
import { Dice } from '../dice.ts';
import { fill, type Grown, type GrownModule, grow, moduleOf, preciseTwin, type Sizes } from './grow.ts';

// One random network: its module against what compile makes of it.

/** What is wrong with a network, and how to see it again. */
export class WrongNetwork extends Error {
  constructor(seed: number, isMixed: boolean, grown: Grown, reason: string) {
    super(
      [
        `network ${seed}: ${reason}`,
        `compiled for ${textOf(grown.traced)}`,
        ...grown.text,
        `npm run fuzz:networks -- --seed ${seed} --networks 1${isMixed ? ' --mixed' : ''}`,
      ].join('\n'),
    );
  }
}

/** How much may come of rounding weights otherwise, beside what rounding of the inputs comes to, and of the largest value. */
const SLACK = 300;
const SLACK_OF_LARGEST = 3e-5;
const LONG = 150;

/**
 * Grows a network and computes it in both ways.
 *
 * @param options  `isMixed`: with indices, masks, two dtypes of floats, and what has no native step
 * @returns how many calls were compared
 * @throws WrongNetwork
 */
export async function checkNetwork(seed: number, { isMixed = false } = {}): Promise<number> {
  const dice = new Dice(seed);
  const grown = grow(dice, isMixed);
  const fail = (reason: string): never => {
    throw new WrongNetwork(seed, isMixed, grown, reason);
  };
  const module = moduleOf(grown);
  const { traced, inputs, dtype } = grown;
  const inputsOf = (sizes: Sizes) => inputs.map((input) => fill(input, sizes, dtype));
  const networks = [compiled(module, inputsOf(traced), Number.POSITIVE_INFINITY, fail)];
  // In stretches, where it can be cut.
  if (seed % 2 === 0) networks.push(compiled(module, inputsOf(traced), dice.pick(1, 2000, 20_000), fail));
  // As another thread has it.
  if (seed % 3 === 0) networks.push(Network.open(networks.at(-1)!.share()));
  const twin = dtype === 'float32' && !grown.jumps && !isMixed ? preciseTwin(grown, module) : null;
  let calls = 0;
  for (const sizes of sizesOf(dice, traced)) {
    const given = inputsOf(sizes);
    const at = textOf(sizes);
    const eager = resultOf(() => tensorsIn(module.forward(...given)));
    const mine: Outcome[] = [];
    for (const network of networks) {
      for (const threads of [1, 2]) {
        setNumThreads(threads);
        mine.push(resultOf(() => tensorsIn(network.forward(...given))));
      }
    }
    if (seed % 8 === 0) {
      mine.push(
        await networks
          .at(-1)!
          .forwardAsync(...given)
          .then((y) => ({ values: tensorsIn(y) }), refusalOf),
      );
    }
    for (const each of mine) compare(eager, each, grown, at, fail);
    const values = mine[0]!.values;
    // Positions between two samples lose digits in long signals, whoever computes them.
    if (twin !== null && values !== undefined && sizes[1] < LONG) comparePrecise(twin, given, values, at, fail);
    calls += mine.length;
  }
  return calls;
}

type Compiled = Network<readonly Tensor[], unknown>;

function compiled(
  module: GrownModule,
  inputs: readonly Tensor[],
  maxWorkingBytes: number,
  fail: (reason: string) => never,
): Compiled {
  try {
    return compile(module, { inputs, maxWorkingBytes }) as unknown as Compiled;
  } catch (error) {
    return fail(`compile() throws ${nameOf(error)}`);
  }
}

/** The sizes of the trace; longer; shorter, maybe too short; one signal or several; long enough to be cut. */
function sizesOf(dice: Dice, [batch, length]: Sizes): Sizes[] {
  return [
    [batch, length],
    [dice.integer(1, 4), length + dice.integer(1, 100)],
    [dice.integer(1, 3), dice.integer(2, length)],
    [1, dice.integer(1, 60)],
    [dice.integer(1, 2), dice.integer(200, 900)],
  ];
}

interface Outcome {
  readonly values?: readonly Tensor[];
  /** The code of an error. */
  readonly refusal?: string;
}

function resultOf(call: () => readonly Tensor[]): Outcome {
  try {
    return { values: call() };
  } catch (error) {
    return refusalOf(error);
  }
}

function refusalOf(error: unknown): Outcome {
  return { refusal: nameOf(error) };
}

function nameOf(error: unknown): string {
  const { code, message } = error as { code?: string; message: string };
  return `${code ?? 'an error without a code'}: ${message}`;
}

function tensorsIn(value: unknown): readonly Tensor[] {
  const tensors: readonly Tensor[] = Tensor.isTensor(value) ? [value as Tensor] : Object.values(value as object);
  if (tensors.every((each) => Tensor.isTensor(each))) return tensors;
  throw new TypeError('there is no such result');
}

function textOf([batch, length]: Sizes): string {
  return `N = ${batch}, L = ${length}`;
}

function compare(eager: Outcome, mine: Outcome, grown: Grown, at: string, fail: (reason: string) => never): void {
  if (mine.refusal?.startsWith('an error')) fail(`at ${at}: ${mine.refusal}`);
  if (eager.values === undefined) {
    if (mine.values !== undefined) fail(`at ${at}: the module refuses with ${eager.refusal}, the network computes`);
    return;
  }
  // Sizes among which the forward is no longer followed are refused, never computed wrongly.
  // So is what is cut off a transposed convolution when nothing of it is left.
  const isNothing = mine.refusal?.includes('Output size is too small');
  const isRefused =
    isNothing || mine.refusal?.includes('takes another course') || (grown.varies && mine.values === undefined);
  if (isRefused && at !== textOf(grown.traced)) return;
  const values = mine.values ?? fail(`at ${at}: the module computes, the network refuses with ${mine.refusal}`);
  for (const [k, expected] of eager.values.entries()) {
    const actual = values[k]!;
    if (String(actual.shape) !== String(expected.shape) || actual.dtype !== expected.dtype) {
      fail(`at ${at}: output ${k} is ${actual.dtype} [${actual.shape}], not ${expected.dtype} [${expected.shape}]`);
    }
    if (grown.folds) continue;
    const [a, b] = [actual.data, expected.data];
    const other = b.findIndex((value, i) => !Object.is(value, a[i]));
    if (other >= 0) fail(`at ${at}: element ${other} of output ${k} is ${a[other]}, not ${b[other]}`);
  }
}

/** Against float64: as near as rounding alone would bring it, which a slightly other input tells. */
function comparePrecise(
  twin: GrownModule,
  inputs: readonly Tensor[],
  actual: readonly Tensor[],
  at: string,
  fail: (reason: string) => never,
): void {
  const precise = inputs.map((x) => x.to('float64') as unknown as Tensor);
  const nudged = precise.map((x) => x.mul(1 + 2 ** -22));
  const [exact, beside] = [precise, nudged].map((given) => tensorsIn(twin.forward(...given))) as [
    readonly Tensor[],
    readonly Tensor[],
  ];
  for (const [k, expected] of exact.entries()) {
    const [x, y, z] = [actual[k]!, expected, beside[k]!].map(({ data }) => Array.from(data)) as [
      number[],
      number[],
      number[],
    ];
    const largest = y.reduce((most, each) => Math.max(most, Math.abs(each) || 0), 0);
    const moved = y.reduce((most, each, i) => Math.max(most, Math.abs(each - z[i]!) || 0), 0);
    const slack = SLACK * moved + SLACK_OF_LARGEST * Math.max(largest, 1);
    const other = y.findIndex((each, i) => !(Math.abs(each - x[i]!) <= slack) && Number.isFinite(each));
    if (other >= 0) fail(`at ${at}: element ${other} of output ${k} is ${x[other]}, in float64 ${y[other]}`);
  }
}
