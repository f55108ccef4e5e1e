import { describe, expect, test } from 'vitest';
import { functional, nn, noGrad, ones, type Tensor, tensor, zeros } from '../lib/index.ts';
import {
  type Call,
  type DtypeName,
  decode,
  elementsOf,
  type Input,
  makeCall,
  makeInput,
  type Packed,
  readGoldenObject,
  sampled,
  without,
} from './golden/calls.ts';

/** From generate_losses.py. */
interface Case extends Call {
  readonly learned: readonly number[];
  readonly dtype: DtypeName;
  readonly name: string;
  readonly cotangent: Input | null;
  readonly result: Packed;
  readonly magnitude: number;
  readonly gradients: readonly Packed[];
  readonly gradientMagnitude: number;
}

interface Refusal extends Call {
  readonly name: string;
  readonly error: string;
  readonly odd?: boolean;
}

const golden = readGoldenObject<{ readonly cases: readonly Case[]; readonly refused: readonly Refusal[] }>(
  'losses.json.gz',
);

/** Roundings of a loss and of its gradient, a logarithm of a softmax included, in units of eps * magnitude. */
const UNITS = 8;

/** The largest distance from PyTorch's float64 in units of eps times a magnitude; Infinity where only one is finite. */
function distanceOf(got: Tensor, expected: Packed, magnitude: number, dtype: DtypeName): number {
  const eps = dtype === 'float32' ? 2 ** -24 : 2 ** -53;
  const right = elementsOf(expected) as ArrayLike<number>;
  const distances = (sampled(got, expected) as number[]).map((value, i) => {
    const other = dtype === 'float32' ? Math.fround(right[i]!) : right[i]!;
    if (Object.is(value, other) || value === other) return 0;
    if (!Number.isFinite(value) || !Number.isFinite(right[i]!)) return Number.POSITIVE_INFINITY;
    return Math.abs(value - right[i]!) / (eps * Math.max(magnitude, 1e-30));
  });
  return Math.max(0, ...distances);
}

/** The tensors of a call; those that are learned require gradients. */
function tensorsOf({ inputs, learned }: Case): Tensor[] {
  const tensors = inputs.map(makeInput);
  for (const i of learned) tensors[i]!.requiresGrad = true;
  return tensors;
}

const names = [...new Set(golden.cases.map(({ call }) => call))];

describe.each(names)('%s', (name) => {
  const cases = golden.cases.filter(({ call }) => call === name);

  test('has the losses of PyTorch', () => {
    expect(cases.length).toBeGreaterThanOrEqual(12);
    for (const record of cases) {
      const told = without(record, 'result', 'gradients');
      const got = makeCall(record, tensorsOf(record)) as Tensor;
      expect([got.dtype, ...got.shape], told).toEqual([record.dtype, ...record.result.shape]);
      expect(distanceOf(got, record.result, record.magnitude, record.dtype), told).toBeLessThanOrEqual(UNITS);
      // A number that PyTorch divides by in C++ has a name of its own there.
      expect(got.gradFn?.name, told).toBe(record.name.replace('DivBackward1', 'DivBackward0'));
    }
  });

  test('has the gradients of PyTorch', () => {
    for (const record of cases) {
      const told = without(record, 'result', 'gradients');
      const tensors = tensorsOf(record);
      const loss = makeCall(record, tensors) as Tensor;
      loss.backward(record.cotangent === null ? null : makeInput(record.cotangent));
      for (const [i, expected] of record.gradients.entries()) {
        const { grad, dtype, shape } = tensors[record.learned[i]!]!;
        expect([grad!.dtype, ...grad!.shape], told).toEqual([dtype, ...shape]);
        // A gradient of float64 may have come through a loss of float32.
        const narrow = dtype === 'float32' || record.dtype === 'float32' ? 'float32' : 'float64';
        expect(distanceOf(grad!, expected, record.gradientMagnitude, narrow), told).toBeLessThanOrEqual(UNITS);
      }
    }
  });
});

describe('what PyTorch refuses is refused with its sentence', () => {
  test.each(golden.refused)('$name', (refusal) => {
    const refused = () => makeCall(refusal, refusal.inputs.map(makeInput));
    const told = without(refusal);
    expect(refused, told).toThrow(expect.objectContaining({ code: expect.stringMatching(/^ERR_CONV1D_/) }));
    if (!refusal.odd) expect(refused, told).toThrow(refusal.error.trim());
  });
});

describe('modules', () => {
  const x = tensor([
    [1, 2, 3],
    [0, -1, 1],
  ]);
  const y = tensor([
    [0, 1, 0],
    [1, 0, 1],
  ]);
  const classes = tensor([2, 1], { dtype: 'int64' });
  const weight = tensor([1, 2, 3]);

  test.each([
    ['MSELoss', () => new nn.MSELoss().forward(x, y), () => functional.mseLoss(x, y)],
    [
      'MSELoss',
      () => new nn.MSELoss({ reduction: 'none' }).forward(x, y),
      () => functional.mseLoss(x, y, { reduction: 'none' }),
    ],
    [
      'L1Loss',
      () => new nn.L1Loss({ reduction: 'sum' }).forward(x, y),
      () => functional.l1Loss(x, y, { reduction: 'sum' }),
    ],
    [
      'SmoothL1Loss',
      () => new nn.SmoothL1Loss({ beta: 3 }).forward(x, y),
      () => functional.smoothL1Loss(x, y, { beta: 3 }),
    ],
    [
      'BCEWithLogitsLoss',
      () => new nn.BCEWithLogitsLoss({ weight, posWeight: weight }).forward(x, y),
      () => functional.bceWithLogitsLoss(x, y, { weight, posWeight: weight }),
    ],
    [
      'NLLLoss',
      () => new nn.NLLLoss({ weight, ignoreIndex: 1 }).forward(x, classes),
      () => functional.nllLoss(x, classes, { weight, ignoreIndex: 1 }),
    ],
    [
      'CrossEntropyLoss',
      () => new nn.CrossEntropyLoss({ weight, labelSmoothing: 0.2 }).forward(x, classes),
      () => functional.crossEntropyLoss(x, classes, { weight, labelSmoothing: 0.2 }),
    ],
  ])('%s is its function', (_, module, call) => {
    expect(module()).toEqual(call());
  });

  test('print as in PyTorch, and keep weights as buffers', () => {
    const loss = new nn.BCEWithLogitsLoss({ weight, posWeight: weight });
    expect(String(loss)).toBe('BCEWithLogitsLoss()');
    expect(String(new nn.CrossEntropyLoss({ labelSmoothing: 0.1 }))).toBe('CrossEntropyLoss()');
    expect(Object.keys(loss.stateDict())).toEqual(['weight', 'pos_weight']);
    expect(Object.keys(new nn.CrossEntropyLoss().stateDict())).toEqual([]);
    expect(loss.parameters()).toEqual([]);
  });

  test('have the names of PyTorch functions, too', () => {
    expect(functional.crossEntropy).toBe(functional.crossEntropyLoss);
    expect(functional.binaryCrossEntropyWithLogits).toBe(functional.bceWithLogitsLoss);
  });
});

describe('a loss', () => {
  test('of logits far from 0 loses nothing, and neither does its gradient', () => {
    const x = tensor([60, -60], { dtype: 'float64', requiresGrad: true });
    const loss = functional.bceWithLogitsLoss(x, tensor([1, 0], { dtype: 'float64' }), { reduction: 'none' });
    expect(loss.toArray()).toEqual([Math.exp(-60), Math.exp(-60)]);
    loss.sum().backward();
    expect(x.grad!.toArray()).toEqual([-Math.exp(-60), Math.exp(-60)]);
  });

  const [x, weight, classes] = [ones(1, 2), ones(2, { requiresGrad: true }), zeros(1, { dtype: 'int64' })] as const;
  test.each<[name: string, argument: string, loss: () => Tensor]>([
    ['bceWithLogitsLoss', 'weight', () => functional.bceWithLogitsLoss(x, x, { weight })],
    ['bceWithLogitsLoss', 'posWeight', () => functional.bceWithLogitsLoss(x, x, { posWeight: weight })],
    ['nllLoss', 'weight', () => functional.nllLoss(x, classes, { weight })],
    ['crossEntropyLoss', 'weight', () => functional.crossEntropyLoss(x, classes, { weight, labelSmoothing: 0.1 })],
  ])('%s refuses a gradient for its %s, where gradients are recorded', (name, argument, loss) => {
    expect(loss).toThrow(`The function '${name}' is not differentiable with respect to argument '${argument}'.`);
    expect(noGrad(loss).requiresGrad).toBe(false);
  });

  test('of probabilities has a gradient for the weights of classes', () => {
    functional.crossEntropyLoss(x, x, { weight }).backward();
    expect(weight.grad!.shape).toEqual([2]);
  });

  test('reads each option once, and refuses others', () => {
    const x = tensor([1]);
    let reads = 0;
    const options = {
      get reduction() {
        reads++;
        return 'sum' as const;
      },
    };
    functional.mseLoss(x, x, options);
    expect(reads).toBe(1);
    expect(() => functional.mseLoss(x, x, { reducton: 'sum' } as never)).toThrow("did you mean 'reduction'?");
    expect(() => new nn.MSELoss({ beta: 1 } as never)).toThrow("unknown option 'beta' of MSELoss");
  });

  test('takes classes that were made by argmax', () => {
    const x = tensor([[3, 1], [0, 2]], { requiresGrad: true }); // biome-ignore format: rows
    functional.crossEntropyLoss(x, x.detach().argmax(1)).backward();
    expect(decode(x.grad!.sum().item(), [])).toBeCloseTo(0, 6);
  });
});
