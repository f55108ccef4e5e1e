import { nn, rand, randn, type Tensor } from '../../../lib/index.ts';
import type { FloatDtype } from '../../../lib/tensor/dtype.ts';
import type { Dice } from '../dice.ts';
import { FUNCTIONS } from './functions.ts';
import { LAYERS } from './layers.ts';
import { MIXED } from './mixed.ts';
import { type Piece, Step } from './piece.ts';
import { joint, SHAPES } from './shapes.ts';
import { Sized } from './value.ts';

/** N and L of inputs. */
export type Sizes = readonly [batch: number, length: number];

/** An input: its text, and its shape for each N and L. */
interface Input {
  readonly text: string;
  readonly shape: (sizes: Sizes) => number[];
  /** What lies in it; numbers of the network's dtype where this is left out. */
  readonly holds?: 'codes' | 'mask' | 'float64';
}

/** An input of some size. */
export function fill({ shape, holds }: Input, sizes: Sizes, dtype: FloatDtype): Tensor {
  const [size, any] = [shape(sizes), (x: unknown) => x as Tensor];
  if (holds === 'codes') return any(rand(size).mul(5).to('int64'));
  if (holds === 'mask') return any(rand(size).gt(0.5));
  return any(randn(size, { dtype: holds ?? dtype }));
}

/** A random network: inputs, steps that each read some earlier values, and which values are returned. */
export interface Grown {
  readonly dtype: FloatDtype;
  readonly inputs: readonly Input[];
  readonly steps: readonly { readonly piece: Piece; readonly step: Step; readonly reads: readonly number[] }[];
  readonly outputs: readonly number[];
  readonly form: 'one' | 'array' | 'object';
  /** With which it is compiled. */
  readonly traced: Sizes;
  /** One line for each value. */
  readonly text: readonly string[];
  readonly folds: boolean;
  readonly jumps: boolean;
  readonly varies: boolean;
}

/** More elements take time, and show nothing more. */
const MOST_ELEMENTS = 6000;
/** Larger values would only meet in infinity. */
const LARGEST = 1e4;
/** How often another piece is tried where one does not suit. */
const TRIES = 60;

/** Grows a network piece by piece; each piece must compute something finite for two sizes of the inputs. */
export function grow(dice: Dice, isMixed = false): Grown {
  const dtype: FloatDtype = dice.integer(0, 5) === 0 ? 'float64' : 'float32';
  const inputs = isMixed ? makeMixedInputs(dice) : makeInputs(dice);
  const traced: Sizes = [dice.integer(inputs.length > 1 ? 2 : 1, 3), dice.integer(9, 40)];
  const other: Sizes = [traced[0] + 3, traced[1] + dice.integer(10, 19)];
  const values = inputs.map((input) => new Sized(fill(input, traced, dtype), fill(input, other, dtype)));
  const text = inputs.map((input, i) => `v${i} = input ${input.text}`);
  const steps: Grown['steps'][number][] = [];
  const count = dice.integer(3, 10);
  for (let tries = 0; steps.length < count && tries < TRIES; tries++) {
    // Mostly on from the last value, sometimes a branch.
    const from = dice.integer(0, 3) > 0 ? values.length - 1 : dice.integer(0, values.length - 1);
    const piece = pick(dice, values, values[from]!, isMixed);
    if (piece === undefined) continue;
    const reads = [from, ...(piece.others ?? [])];
    const step = new Step(piece, dtype).eval();
    const made = computed(
      step,
      reads.map((i) => values[i]!),
    );
    if (made === undefined) continue;
    steps.push({ piece, step, reads });
    for (const [k, value] of made.entries()) {
      text.push(
        `v${values.length} = ${piece.text} of ${reads.map((i) => `v${i}`).join(', ')}${made.length > 1 ? `, result ${k}` : ''}: [${value.first.shape}]`,
      );
      values.push(value);
    }
  }
  const outputs = [values.length - 1];
  while (dice.integer(0, 2) === 0) outputs.push(dice.integer(0, values.length - 1));
  const form = outputs.length === 1 ? 'one' : dice.pick('array', 'object');
  text.push(`returns ${outputs.map((i) => `v${i}`).join(', ')}, of ${dtype}`);
  const pieces = steps.map(({ piece }) => piece);
  return {
    dtype,
    inputs,
    steps,
    outputs,
    form,
    traced,
    text,
    folds: pieces.some(({ folds }) => folds === true),
    jumps: pieces.some(({ jumps }) => jumps === true),
    varies: pieces.some(({ varies }) => varies === true),
  };
}

function makeInputs(dice: Dice): Input[] {
  const channels = () => dice.integer(1, 8);
  const signal = (c: number): Input => ({ text: `(N, ${c}, L)`, shape: ([n, l]) => [n, c, l] });
  if (dice.integer(0, 6) === 0) {
    const c = dice.integer(2, 8); // a single channel might as well be a batch
    return [{ text: `(${c}, L)`, shape: ([, l]) => [c, l] }];
  }
  const c = channels();
  const inputs = [signal(c)];
  while (inputs.length < 3 && dice.integer(0, 3) === 0) {
    inputs.push(
      dice.pick<Input>(
        signal(dice.pick(c, channels())),
        { text: `(N, ${c}, 1)`, shape: ([n]) => [n, c, 1] },
        { text: `(N, ${c}, 2 L)`, shape: ([n, l]) => [n, c, 2 * l] },
        { text: '(N, 5)', shape: ([n]) => [n, 5] },
        { text: '(1, N, 4)', shape: ([n]) => [1, n, 4] },
      ),
    );
  }
  return inputs;
}

/** Inputs of which some hold codes, masks or floats of another dtype. */
function makeMixedInputs(dice: Dice): Input[] {
  const codes = dice.pick<Input>(
    { text: 'codes (N, L)', shape: ([n, l]) => [n, l], holds: 'codes' },
    { text: 'codes (N, 3, L)', shape: ([n, l]) => [n, 3, l], holds: 'codes' },
    { text: 'mask (N, 1, L)', shape: ([n, l]) => [n, 1, l], holds: 'mask' },
    { text: 'mask (N, L)', shape: ([n, l]) => [n, l], holds: 'mask' },
    { text: 'float64 (N, 2, L)', shape: ([n, l]) => [n, 2, l], holds: 'float64' },
  );
  const others = makeInputs(dice);
  if (dice.integer(0, 2) === 0) return [codes];
  // One signal without a batch stays alone: its channels might be taken for the batch of another.
  return others[0]!.shape([1, 9]).length === 2 || dice.integer(0, 2) === 0 ? others : [...others, codes];
}

function pick(dice: Dice, values: readonly Sized[], x: Sized, isMixed: boolean): Piece | undefined {
  if (isMixed && dice.integer(0, 9) < 4) return dice.pick(...MIXED)(dice, x);

  const kind = dice.integer(0, 9);
  if (kind < 4) return dice.pick(...LAYERS)(dice, x);
  if (kind < 6) return dice.pick(...FUNCTIONS)(dice, x);
  return kind < 8 ? dice.pick(...SHAPES)(dice, x) : joint(dice, values, x);
}

/** What a step makes of values; undefined where it refuses them, or the results are of no use. */
function computed(step: Step, inputs: readonly Sized[]): Sized[] | undefined {
  try {
    const first = step.forward(...inputs.map((each) => each.first));
    const second = step.forward(...inputs.map((each) => each.second));
    if (first.length !== second.length || ![...first, ...second].every(isOfUse)) return undefined;
    return first.map((one, i) => new Sized(one, second[i]!));
  } catch {
    return undefined;
  }
}

function isOfUse(x: Tensor): boolean {
  if (x.numel === 0 || x.numel > MOST_ELEMENTS || x.ndim > 5) return false;
  // Of int64 they are no numbers.
  return (x.data as ArrayLike<unknown> as unknown[]).every((each) => Math.abs(Number(each)) < LARGEST);
}

/** The network as a module. */
export class GrownModule extends nn.Module {
  readonly steps: nn.ModuleList<Step>;
  readonly #grown: Grown;

  constructor(grown: Grown, steps: readonly Step[]) {
    super();
    this.#grown = grown;
    this.steps = new nn.ModuleList([...steps]);
  }

  override forward(...inputs: Tensor[]): Tensor | readonly Tensor[] | Readonly<Record<string, Tensor>> {
    const { steps, outputs, form } = this.#grown;
    const values = [...inputs];
    for (const [i, { reads }] of steps.entries()) {
      values.push(...[...this.steps][i]!.forward(...reads.map((k) => values[k]!)));
    }
    const results = outputs.map((i) => values[i]!);
    if (form === 'one') return results[0]!;
    return form === 'array' ? results : Object.fromEntries(results.map((each, i) => [`y${i}`, each]));
  }
}

/** The module of a grown network, with the weights it grew with. */
export function moduleOf(grown: Grown): GrownModule {
  return new GrownModule(
    grown,
    grown.steps.map(({ step }) => step),
  ).eval();
}

/** The same network with the same weights in float64. */
export function preciseTwin(grown: Grown, module: GrownModule): GrownModule {
  const twin = new GrownModule(
    grown,
    grown.steps.map(({ piece }) => new Step(piece, 'float64')),
  ).eval();
  twin.loadStateDict(module.stateDict());
  return twin;
}
