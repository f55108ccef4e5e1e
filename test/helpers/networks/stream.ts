import { compile, type Network, type NetworkStream, randn, setNumThreads, type Tensor } from '../../../lib/index.ts';
import { Dice } from '../dice.ts';
import { grow, moduleOf, type Sizes } from './grow.ts';

// One random network: what comes of its signals chunk by chunk, against what comes of them whole.

/**
 * Grows a network and streams it, if it can be streamed.
 *
 * @param cuts  how often each of its signals is cut into other chunks
 * @returns     how many chunkings were compared; 0 for a network that needs whole signals
 */
export function checkStream(seed: number, cuts = 4): number {
  const dice = new Dice(seed);
  const grown = grow(dice);
  const { inputs, dtype, traced } = grown;
  const fail = (reason: string): never => {
    throw new Error([`network ${seed}: ${reason}`, ...grown.text].join('\n'));
  };
  const inputsOf = (sizes: Sizes) => inputs.map(({ shape }) => randn(shape(sizes), { dtype }) as Tensor);
  let network: AnyNetwork;
  try {
    network = compile(moduleOf(grown), { inputs: inputsOf(traced) }) as unknown as AnyNetwork;
  } catch {
    return 0;
  }
  const batch = dice.integer(1, 3);
  const several = seed % 2 === 0 ? 2 : 7;
  const signals = inputs.map(({ shape }) => dimOf(shape));
  let compared = 0;
  for (const length of [traced[1], traced[1] + dice.integer(1, 60), dice.integer(1, 80)]) {
    const given = inputsOf([batch, length]);
    const fixed = Object.fromEntries(given.flatMap((x, i) => (signals[i] === null ? [[`input${i}`, x]] : [])));
    let stream: NetworkStream<unknown>;
    try {
      stream = network.stream({ batch, fixed }) as NetworkStream<unknown>;
    } catch (error) {
      const { code, message } = error as { code?: string; message: string };
      if (code === 'ERR_CONV1D_VALUE' || code === 'ERR_CONV1D_SHAPE') return compared;
      return fail(`stream() throws ${code}: ${message}`);
    }
    let whole: readonly Tensor[] | null = null;
    let refusal = '';
    try {
      setNumThreads(dice.integer(0, 1) === 0 ? 1 : several);
      whole = tensorsIn(network.forward(...given));
    } catch (error) {
      refusal = (error as { code: string }).code;
    }
    for (let cut = 0; cut < cuts; cut++) {
      if (cut > 0) stream.reset();
      setNumThreads(dice.integer(0, 1) === 0 ? 1 : several);
      const most = dice.pick(1, 3, 10, 40, length);
      const pieces: (readonly Tensor[])[] = [];
      let error: { code?: string; message: string } | null = null;
      try {
        for (let at = 0; at < length; ) {
          const count = Math.min(dice.integer(0, most), length - at);
          const chunks = given.flatMap((x, i) => {
            const signal = signals[i];
            return signal === null || signal === undefined
              ? []
              : [x.narrow(signal.dim, at * signal.times, count * signal.times)];
          });
          pieces.push(tensorsIn(stream.push(chunks)));
          at += count;
          if (cut === cuts - 1 && dice.integer(0, 3) === 0) {
            const other = network.stream({ batch, fixed }) as NetworkStream<unknown>;
            other.setState(JSON.parse(JSON.stringify(stream.getState())));
            stream = other;
          }
        }
        pieces.push(tensorsIn(stream.flush()));
      } catch (caught) {
        error = caught as { code?: string; message: string };
      }
      if (error !== null) {
        // Where the batch is fixed, the channels may be what varies besides the length.
        if (error.message?.includes('must have the shape')) return compared;
        if (error.code === undefined) fail(`L = ${length}: a stream throws ${error.message}`);
        if (whole !== null) fail(`L = ${length}: a stream throws ${error.code}: ${error.message}`);
        break;
      }
      if (whole === null) return fail(`L = ${length}: forward refuses with ${refusal}, the stream computes`);
      for (const [k, expected] of whole.entries())
        compare(
          pieces.map((piece) => piece[k]!),
          expected,
          (reason) => fail(`N = ${batch}, L = ${length}, output ${k}: ${reason}`),
        );
      compared += 1;
    }
  }
  return compared;
}

type AnyNetwork = Network<readonly Tensor[], unknown>;

/** Which dimension of an input is its signal, and how much of it each position has; null where none is. */
function dimOf(shape: (sizes: Sizes) => readonly number[]): { dim: number; times: number } | null {
  const [a, b] = [shape([2, 7]), shape([2, 8])];
  const dim = a.findIndex((size, i) => size !== b[i]);
  return dim < 0 ? null : { dim, times: b[dim]! - a[dim]! };
}

function tensorsIn(value: unknown): readonly Tensor[] {
  return (
    Array.isArray(value) ? value : (value as Tensor).dtype === undefined ? Object.values(value as object) : [value]
  ) as Tensor[];
}

/** Bit for bit, along whichever dimension the pieces follow each other. */
function compare(pieces: readonly Tensor[], expected: Tensor, fail: (reason: string) => never): void {
  const dim = expected.shape.findIndex((size, i) => pieces.some((piece) => piece.shape[i] !== size));
  const along = dim < 0 ? expected.shape.length - 1 : dim;
  const length = pieces.reduce((sum, piece) => sum + piece.shape[along]!, 0);
  if (dim >= 0 && length !== expected.shape[along]) fail(`${length} points, not ${expected.shape[along]}`);
  const filled = pieces.filter(({ numel }) => numel > 0);
  const values = dim < 0 ? filled[0]?.data : joined(filled, along);
  const other = expected.data.findIndex((value, i) => !Object.is(value, values?.[i]));
  if (expected.numel > 0 && other >= 0) fail(`element ${other} is ${values?.[other]}, not ${expected.data[other]}`);
}

function joined(pieces: readonly Tensor[], dim: number): ArrayLike<unknown> {
  const inner = pieces[0]?.shape.slice(dim + 1).reduce((all, size) => all * size, 1) ?? 1;
  const outer = pieces[0]?.shape.slice(0, dim).reduce((all, size) => all * size, 1) ?? 1;
  const values: unknown[] = [];
  for (let row = 0; row < outer; row++) {
    for (const piece of pieces) {
      const width = piece.shape[dim]! * inner;
      values.push(...Array.from(piece.data.slice(row * width, (row + 1) * width)));
    }
  }
  return values;
}
