/** One convolution to measure: the layer and the input it gets. float32, zero padding, with bias. */
export interface Problem {
  readonly name: string;
  readonly inChannels: number;
  readonly outChannels: number;
  readonly kernelSize: number;
  readonly stride: number;
  readonly dilation: number;
  readonly groups: number;
  readonly padLeft: number;
  readonly padRight: number;
  readonly batch: number;
  readonly length: number;
  /** Set when the weights are a windowed DFT; they are random otherwise. */
  readonly weights?: 'dft';
}

/** A problem as a `--shapes` file spells it; what is left out is 1, and the padding 0. */
export interface ProblemRecord {
  readonly name: string;
  readonly inChannels: number;
  readonly outChannels: number;
  readonly kernelSize: number;
  readonly stride?: number;
  readonly dilation?: number;
  readonly groups?: number;
  /** The same on both sides, or [left, right]. */
  readonly padding?: number | readonly [left: number, right: number];
  readonly batch?: number;
  readonly length: number;
  /** `dft`: a Hann window times cosines, then times negative sines, of the frequencies 0, 1, ... over kernelSize. */
  readonly weights?: 'dft';
}

const NUMBERS = ['inChannels', 'outChannels', 'kernelSize', 'stride', 'dilation', 'groups', 'batch', 'length'] as const;
const OPTIONAL: ReadonlySet<string> = new Set(['stride', 'dilation', 'groups', 'batch']);

// The layer of PyTorch's first example: so little work that only the overhead counts.
export const SEED = 'seed';

/** The 23 layers of real networks that DESIGN.md lists. */
export const LAYERS: readonly Problem[] = parseProblems([
  { name: SEED, inChannels: 2, outChannels: 3, kernelSize: 5, batch: 4, length: 6 },
  { name: 'wav2vec2 L0', inChannels: 1, outChannels: 512, kernelSize: 10, stride: 5, length: 16000 },
  { name: 'wav2vec2 L1', inChannels: 512, outChannels: 512, kernelSize: 3, stride: 2, length: 3199 },
  { name: 'wav2vec2 pos', inChannels: 768, outChannels: 768, kernelSize: 128, groups: 16, padding: 64, length: 49 },
  { name: 'whisper 1', inChannels: 80, outChannels: 384, kernelSize: 3, padding: 1, length: 3000 },
  { name: 'whisper 2', inChannels: 384, outChannels: 384, kernelSize: 3, stride: 2, padding: 1, length: 3000 },
  { name: 'hifigan 256', inChannels: 256, outChannels: 256, kernelSize: 7, dilation: 3, padding: 9, length: 800 },
  { name: 'hifigan 64', inChannels: 64, outChannels: 64, kernelSize: 11, dilation: 5, padding: 25, length: 12800 },
  { name: 'hifigan 32', inChannels: 32, outChannels: 32, kernelSize: 3, padding: 1, length: 25600 },
  { name: 'wavenet', inChannels: 64, outChannels: 128, kernelSize: 2, dilation: 512, length: 16000 },
  { name: 'tcn', inChannels: 25, outChannels: 25, kernelSize: 8, dilation: 4, padding: 28, batch: 32, length: 400 },
  { name: 'tasnet 1x1', inChannels: 128, outChannels: 512, kernelSize: 1, length: 3999 },
  depthwise('tasnet dw', 512, { kernelSize: 3, dilation: 8, padding: 8, length: 3999 }),
  depthwise('conformer dw', 512, { kernelSize: 31, padding: 15, length: 500 }),
  depthwise('quartznet dw', 256, { kernelSize: 33, padding: 16, batch: 8, length: 800 }),
  depthwise('mamba dw', 1536, { kernelSize: 4, padding: [3, 0], length: 512 }),
  { name: 'm5', inChannels: 1, outChannels: 128, kernelSize: 80, stride: 4, batch: 16, length: 8000 },
  { name: 'ecg', inChannels: 64, outChannels: 64, kernelSize: 16, padding: 8, batch: 32, length: 640 },
  { name: 'atacworks', inChannels: 15, outChannels: 15, kernelSize: 51, dilation: 8, padding: 200, length: 60000 },
  { name: 'basenji', inChannels: 4, outChannels: 288, kernelSize: 17, padding: 8, length: 32768 },
  { name: 'sincnet', inChannels: 1, outChannels: 80, kernelSize: 251, length: 16000 },
  { name: 'encodec out', inChannels: 32, outChannels: 1, kernelSize: 7, padding: 3, length: 24000 },
  { name: 'small', inChannels: 16, outChannels: 32, kernelSize: 3, padding: 1, batch: 256, length: 64 },
]);

/** The front end of speech networks, a short-time Fourier transform of 30 s: a class of its own, which no mean over the 23 layers counts. */
export const STFT: Problem = parseProblems([
  { name: 'stft', inChannels: 1, outChannels: 402, kernelSize: 400, stride: 160, length: 480_000, weights: 'dft' },
])[0]!;

/** What the harness measures unless told otherwise. */
export const MEASURED: readonly Problem[] = [...LAYERS, STFT];

function depthwise(
  name: string,
  channels: number,
  rest: Omit<ProblemRecord, 'name' | 'inChannels' | 'outChannels' | 'groups'>,
): ProblemRecord {
  return { name, inChannels: channels, outChannels: channels, groups: channels, ...rest };
}

/** Reads what a `--shapes` file holds: an array of {@link ProblemRecord}. Throws an Error that names the entry and what is wrong. */
export function parseProblems(value: unknown): Problem[] {
  if (!Array.isArray(value) || value.length === 0)
    throw new Error('shapes must be a JSON array with at least one layer');
  const problems = value.map(parseProblem);
  const names = new Set<string>();
  for (const { name } of problems) {
    if (names.has(name)) throw new Error(`shapes: two layers are called '${name}'; names must differ`);
    names.add(name);
  }
  return problems;
}

function parseProblem(value: unknown, index: number): Problem {
  const where = `shapes[${index}]`;
  if (typeof value !== 'object' || value === null) throw new Error(`${where} must be an object`);
  const { name, padding = 0, weights, ...numbers } = value as Record<string, unknown>;
  if (typeof name !== 'string' || name === '') throw new Error(`${where}.name must be a string that is not empty`);
  for (const key of Object.keys(numbers)) {
    if (!NUMBERS.some((known) => known === key)) {
      throw new Error(
        `${where} ('${name}') has an unknown property '${key}'; known: name, padding, weights, ${NUMBERS.join(', ')}`,
      );
    }
  }
  const read = (key: (typeof NUMBERS)[number]) => {
    const number = numbers[key] === undefined && OPTIONAL.has(key) ? 1 : numbers[key];
    return atLeast(1, number, `${where} ('${name}').${key}`);
  };
  const [left, right, ...more] = Array.isArray(padding) ? (padding as unknown[]) : [padding, padding];
  if (more.length > 0) throw new Error(`${where} ('${name}').padding must be a number or [left, right]`);
  const problem: Problem = {
    name,
    inChannels: read('inChannels'),
    outChannels: read('outChannels'),
    kernelSize: read('kernelSize'),
    stride: read('stride'),
    dilation: read('dilation'),
    groups: read('groups'),
    padLeft: atLeast(0, left, `${where} ('${name}').padding`),
    padRight: atLeast(0, right, `${where} ('${name}').padding`),
    batch: read('batch'),
    length: read('length'),
  };
  if (problem.inChannels % problem.groups !== 0 || problem.outChannels % problem.groups !== 0) {
    throw new Error(`${where} ('${name}'): groups must divide inChannels and outChannels`);
  }
  if (outLength(problem) < 1) throw new Error(`${where} ('${name}'): the kernel is longer than the padded input`);
  if (weights === undefined) return problem;
  if (weights !== 'dft')
    throw new Error(`${where} ('${name}').weights must be 'dft' or left out, but is ${JSON.stringify(weights)}`);
  const { inChannels, outChannels, kernelSize } = problem;
  if (inChannels > 1 || outChannels % 2 !== 0 || outChannels > 2 * (Math.floor(kernelSize / 2) + 1)) {
    throw new Error(
      `${where} ('${name}'): weights 'dft' need one input channel, and an even number of output channels of at most kernelSize + 2`,
    );
  }
  return { ...problem, weights };
}

function atLeast(least: number, value: unknown, what: string): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < least) {
    throw new Error(`${what} must be an integer of at least ${least}, but is ${JSON.stringify(value)}`);
  }
  return value;
}

export function outLength(p: Problem): number {
  return Math.floor((p.length + p.padLeft + p.padRight - p.dilation * (p.kernelSize - 1) - 1) / p.stride) + 1;
}

/** How many values input, weight, bias and output have. */
export function sizes(p: Problem) {
  return {
    input: p.batch * p.inChannels * p.length,
    weight: p.outChannels * (p.inChannels / p.groups) * p.kernelSize,
    bias: p.outChannels,
    output: p.batch * p.outChannels * outLength(p),
  };
}

/** Multiplications and additions, those with padding counted too: what GFLOP/s are usually computed from. */
export function nominalFlops(p: Problem): number {
  return 2 * sizes(p).output * (p.inChannels / p.groups) * p.kernelSize;
}

/** Multiplications and additions that no implementation can leave out: products with padding count as nothing. */
export function usefulFlops(p: Problem): number {
  const last = outLength(p) - 1;
  let columns = 0;
  for (let k = 0; k < p.kernelSize; k++) {
    // Output t reads input t * stride + offset, which exists from 0 to length - 1.
    const offset = k * p.dilation - p.padLeft;
    const from = Math.max(0, Math.ceil(-offset / p.stride));
    const to = Math.min(last, Math.floor((p.length - 1 - offset) / p.stride));
    columns += Math.max(0, to - from + 1);
  }
  return 2 * p.batch * p.outChannels * (p.inChannels / p.groups) * columns;
}

/** Input, output and weights, each touched once. */
export function bytes(p: Problem): number {
  const { input, weight, bias, output } = sizes(p);
  return 4 * (input + weight + bias + output);
}

export function isDepthwise(p: Problem): boolean {
  return p.groups > 1 && p.inChannels === p.groups;
}

/** `512->512 k3 s2, L 3199`, as the table of DESIGN.md writes a layer. */
export function describeProblem(p: Problem): string {
  const parts = [isDepthwise(p) ? `dw ${p.outChannels}` : `${p.inChannels}->${p.outChannels}`, `k${p.kernelSize}`];
  if (p.stride > 1) parts.push(`s${p.stride}`);
  if (p.dilation > 1) parts.push(`d${p.dilation}`);
  if (p.groups > 1 && !isDepthwise(p)) parts.push(`g${p.groups}`);
  if (p.batch > 1) parts.push(`b${p.batch}`);
  return `${parts.join(' ')}, L ${p.length}`;
}
