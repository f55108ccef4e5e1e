import { describe, expect, test } from 'vitest';
import {
  compile,
  functional,
  Network,
  nn,
  ones,
  Parameter,
  rand,
  randn,
  setNumThreads,
  Tensor,
  tensor,
  where,
  zeros,
} from '../lib/index.ts';
import { type Forward, Of } from './helpers/networks/of.ts';
import { codeOf } from './helpers/refusals.ts';

// Networks of which native programs compute a part, and what has no step, or values of another dtype, runs between them.

// biome-ignore lint/suspicious/noExplicitAny: tensors of any dtype, with methods that their types refuse
type Any = any;
type Loose = Network<readonly unknown[], unknown>;

function compiled(
  forward: Forward,
  inputs: readonly unknown[],
  fields = {},
  options = {},
): { module: Of; network: Loose } {
  const module = new Of(forward, fields).eval();
  return { module, network: compile(module, { inputs: inputs as Tensor[], ...options }) as unknown as Loose };
}

function leavesOf(value: unknown): Tensor[] {
  if (Tensor.isTensor(value)) return [value as Tensor];
  return Object.values(value as object).flatMap(leavesOf);
}

/** Dtypes, shapes and bits of all tensors in a result. */
const seen = (value: unknown) =>
  leavesOf(value).map(({ dtype, shape, data }) => [
    dtype,
    shape.join(),
    Buffer.from(data.slice().buffer).toString('hex'),
  ]);

const kinds = (network: Loose, ...shapes: number[][]) => network.summary(...shapes).steps.map(({ runs }) => runs);
function messageOf(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    return (error as Error).message;
  }
  return 'nothing';
}

/** How many native programs a call runs. */
const programs = (network: Loose) =>
  kinds(network).filter((kind, i, all) => kind === 'native' && all[i - 1] !== 'native').length;

const codes = (...shape: number[]) => rand(shape).mul(6).to('int64');
const mask = (...shape: number[]) => rand(shape).gt(0.5);
const signal = (n: number, l: number) => randn(n, 3, l);

/** Layers at hand: 3 channels to 3, and a table of 6 rows. */
const fields = () => ({
  conv: new nn.Conv1d(3, 3, 3, { padding: 1 }),
  head: new nn.Conv1d(3, 2, 3, { padding: 1 }),
  table: new nn.Embedding(6, 3),
  precise: new nn.Conv1d(3, 3, 3, { padding: 1, dtype: 'float64' }),
  lstm: new nn.LSTM(3, 4, { batchFirst: true }),
});

type Make = (n: number, l: number) => readonly unknown[];
const CASES: readonly [text: string, make: Make, forward: (this: Any, ...inputs: Any[]) => Any][] = [
  ['codes, looked up in front of convolutions', (n, l) => [codes(n, l)], (f, x) => f.head.forward(f.conv.forward(f.table.forward(x).transpose(1, 2)).relu())],
  ['where, of a comparison', (n, l) => [signal(n, l)], (f, x) => f.head.forward(where(f.conv.forward(x).gt(0.1), x, x.mul(0.2)))],
  ['argmax behind it all', (n, l) => [signal(n, l)], (f, x) => f.conv.forward(x).argmax(1)],
  ['probabilities, and the best five of them', (n, l) => [signal(n, l)], (f, x) => { const p = f.conv.forward(x).softmax(1); return [p, p.topk(2, 1)]; }],
  ['values of max, without the indices', (n, l) => [signal(n, l)], (f, x) => f.head.forward(f.conv.forward(x.max(1, { keepdim: true }).values.expand(-1, 3, -1)))],
  ['a mask beside a signal', (n, l) => [signal(n, l), mask(n, 1, l)], (f, x, m) => f.head.forward(f.conv.forward(x).mul(m).add(x))],
  ['a mask that is counted', (n, l) => [signal(n, l), mask(n, 1, l)], (f, x, m) => f.conv.forward(x).sum(2).div(m.sum(2))],
  ['a running sum', (n, l) => [signal(n, l)], (f, x) => f.head.forward(f.conv.forward(x).cumsum(2).div(9))],
  ['floats as integers and back', (n, l) => [signal(n, l)], (f, x) => f.conv.forward(x).mul(5).to('int32').add(1).to('float32').mul(0.5)],
  ['one convolution of float64', (n, l) => [signal(n, l)], (f, x) => f.head.forward(f.precise.forward(f.conv.forward(x).to('float64')).to('float32'))],
  ['an input of float64', (n, l) => [signal(n, l), randn(n, 3, l, { dtype: 'float64' })], (f, x, y) => f.head.forward(f.conv.forward(x).add(y.to('float32')))],
  ['gathered by the order of another', (n, l) => [signal(n, l)], (f, x) => f.conv.forward(x).gather(2, x.sort(2).indices)],
  ['an LSTM behind codes, and its states', (n, l) => [codes(n, l)], (f, x) => f.lstm.forward(f.table.forward(x))],
  ['the last step that a mask has', (n, l) => [signal(n, l), mask(n, l)], (f, x, m) => { const at = m.to('int64').cumsum(1).argmax(1); return f.conv.forward(x).gather(2, at.reshape(-1, 1, 1).expand(-1, 3, 1)).squeeze(2); }],
  ['a third of the length, with integers between', (n, l) => [signal(n, l)], (f, x) => f.head.forward(where(functional.avgPool1d(f.conv.forward(x), 3).gt(0), 1.5, 0.5).mul(x.narrow(2, 0, Math.floor(x.shape[2] / 3)))).narrow(2, 0, Math.floor(x.shape[2] / 3) - 1)],
  ['what a length tells a node behind the host', (n, l) => [signal(n, l)], (f, x) => f.head.forward(functional.pad(f.conv.forward(x).sort(1).values, [0, (4 - (x.shape[2] % 4)) % 4]))],
  ['what a batch tells a node behind the host', (n, l) => [signal(n, l)], (f, x) => f.conv.forward(f.conv.forward(x).sort(1).values.reshape(x.shape[0] * 3, -1).reshape(x.shape[0], 3, -1))],
  ['batches that are mixed', (n, l) => [signal(n, l)], (f, x) => f.conv.forward(x.cumsum(0)).sub(f.conv.forward(x).mean(0))],
  ['integers alone', (n, l) => [codes(n, l)], (_, x) => [x.add(1).mul(2), x.gt(2), x.sum(1), x.cumsum(1)]],
  ['an input as it is, beside others', (n, l) => [signal(n, l), codes(n, l)], (f, x, c) => [c, x, f.conv.forward(x), c]],
  ['what the network knows', (n, l) => [signal(n, l)], (f, x) => [f.conv.forward(x), tensor([1, 2, 3], { dtype: 'int64' }), tensor(true)]],
  ['positions of the length, made in the forward', (n, l) => [signal(n, l)], (f, x) => f.conv.forward(x.add(ones(x.shape[2]).cumsum(0).mul(0.1).sin()))],
  ['a mask of the length, made of integers', (n, l) => [signal(n, l)], (f, x) => { const i = ones([x.shape[2]], { dtype: 'int64' }).cumsum(0); return f.conv.forward(x).matmul(i.unsqueeze(1).ge(i).to('float32')); }],
  ['numbers of the batch items', (n, l) => [signal(n, l)], (f, x) => f.conv.forward(x).add(ones(x.shape[0], 1, 1).cumsum(0))],
  ['an input of which nothing comes', (n, l) => [signal(n, l), codes(n, l)], (f, x) => f.conv.forward(x)],
]; // biome-ignore format: one per line

describe('a network with nodes that have no native step', () => {
  test.each(CASES)('%s: the bits of the module, for any sizes, threads and kind of call', async (_, make, compute) => {
    const layers = fields();
    const forward: Forward = (...inputs) => (compute as Any)(layers, ...inputs);
    for (const maxWorkingBytes of [Number.POSITIVE_INFINITY, 500]) {
      const { module, network } = compiled(forward, make(2, 20), layers, { maxWorkingBytes });
      const opened = Network.open(structuredClone(network.share())) as unknown as Loose;
      for (const [n, l] of [[2, 20], [1, 33], [5, 9], [3, 301]] as const) {
        const inputs = make(n, l);
        const expected = seen(module.forward(...inputs));
        for (const threads of [1, 2]) {
          setNumThreads(threads);
          expect(seen(network.forward(...inputs))).toEqual(expected);
        }
        expect(seen(opened.forward(...inputs))).toEqual(expected);
        expect(seen(await network.forwardAsync(...inputs))).toEqual(expected);
      } // biome-ignore format: sizes
    }
  });
});

describe('as few native programs as there must be', () => {
  const CUTS: readonly [text: string, make: Make, forward: Forward, programs: number][] = [
    ['none', (n, l) => [codes(n, l)], (_, x) => x.add(1), 0],
    ['one behind codes', (n, l) => [codes(n, l)], (f, x) => f.conv.forward(f.table.forward(x).transpose(1, 2)), 1],
    ['one for both sides of a sum', (n, l) => [codes(n, l), signal(n, l)], (f, x, y) => f.conv.forward(f.table.forward(x).transpose(1, 2)).add(f.conv.forward(y)), 1],
    ['one in front', (n, l) => [signal(n, l)], (f, x) => f.conv.forward(x).relu().argmax(1), 1],
    ['two around a choice', (n, l) => [signal(n, l)], (f, x) => { const y = f.conv.forward(x); return f.head.forward(where(y.gt(0), y, x)); }, 2],
    ['two around two choices side by side', (n, l) => [signal(n, l)], (f, x) => { const y = f.conv.forward(x); return f.head.forward(where(y.gt(0), y, x).add(y.sort(2).values)); }, 2],
    ['no more for views between nodes of the host', (n, l) => [signal(n, l)], (f, x) => f.conv.forward(x).sort(2).values.transpose(1, 2).sort(2).values.unsqueeze(1), 1],
    ['one for all with steps', (n, l) => [signal(n, l)], (f, x) => f.head.forward(f.conv.forward(x).relu().add(x)).clamp(0, 1), 1],
  ]; // biome-ignore format: one per line
  test.each(CUTS)('%s', (_, make, compute, count) => {
    const layers = fields();
    const { network } = compiled((...inputs) => compute(layers, ...inputs), make(2, 20), layers);
    expect(programs(network)).toBe(count);
  });
});

describe('the native programs between', () => {
  const deep = () => ({
    table: new nn.Embedding(6, 8),
    first: new nn.Conv1d(8, 64, 5, { padding: 2 }),
    second: new nn.Conv1d(64, 4, 5, { padding: 2 }),
  });
  const forward = (f: Any) => (x: Any) => f.second.forward(f.first.forward(f.table.forward(x).transpose(1, 2)).relu());

  test('compute batch items one by one', () => {
    const layers = deep();
    const { network } = compiled(forward(layers), [codes(2, 50)], layers);
    expect(network.summary([9, 2000]).steps.map(({ shape }) => shape)).toEqual([
      [9, 2000, 8],
      [9, 8, 2000],
      [1, 64, 2000],
      [1, 4, 2000],
    ]);
  });

  test('run long signals in stretches', () => {
    const layers = deep();
    const { module, network } = compiled(forward(layers), [codes(1, 50)], layers, { maxWorkingBytes: 2 ** 18 });
    // What is looked up, and that in the order of the program; all 64 channels would be eight times as much.
    const between = 2 * 50_000 * 8 * 4;
    expect(network.summary([1, 50_000]).workingBytes).toBeLessThan(between + 2 ** 19);
    const x = codes(1, 5000);
    expect(seen(network.forward(x))).toEqual(seen(module.forward(x)));
  });

  test('are told from nodes of the host by summary() and profile()', () => {
    const layers = deep();
    const { network } = compiled(forward(layers), [codes(1, 50)], layers);
    const summary = network.summary([1, 50]);
    expect(summary.steps.map(({ name, runs }) => [name, runs])).toEqual([
      ['embedding', 'host'],
      ['permute', 'host'],
      ['first', 'native'],
      ['second', 'native'],
    ]);
    expect(String(summary)).toContain('embedding (host)');
    expect(summary.parameters).toBe(8 * 64 * 5 + 64 + 64 * 4 * 5 + 4);
    expect(summary.flops).toBe(2 * 50 * (8 * 64 * 5 + 64 * 4 * 5));
    const profile = network.profile(codes(1, 50));
    expect(profile.steps.map(({ name, runs }) => [name, runs])).toEqual(
      summary.steps.map(({ name, runs }) => [name, runs]),
    );
    expect(profile.steps.every(({ ms }) => ms >= 0)).toBe(true);
    expect(profile.steps[0]!.ms).toBeGreaterThan(0);
    expect(String(profile)).toContain('embedding (host)');
  });
});

describe('outputs', () => {
  test('have memory of their own', () => {
    const table = tensor([1, 2, 3], { dtype: 'int64' });
    const { network } = compiled(
      (x: Any, c: Any) => [c, c.reshape(-1), c.transpose(0, 1), table, x.gt(0), c],
      [rand(2, 3), codes(2, 4)],
    );
    const [x, c] = [rand(2, 3), codes(2, 4)];
    const before = seen(c);
    const results = leavesOf(network.forward(x, c));
    for (const each of results) (each.data as Any).fill((each.dtype as string) === 'int64' ? 77n : 7);
    expect(seen(c)).toEqual(before);
    expect(leavesOf(network.forward(x, c))[3]!.toArray()).toEqual([1, 2, 3]);
    expect(new Set(results.map(({ data }) => data.buffer)).size).toBe(results.length);
  });

  test('go by their names', () => {
    const module = new Of((x: Any) => ({ best: x.argmax(1), any: x.gt(0).any(1) })).eval();
    const network = compile(module, { inputs: { x: rand(2, 3, 9) } }) as Any;
    const { best, any } = network.forward({ x: tensor([[[0], [2], [1]]]) });
    expect([best.toArray(), any.toArray()]).toEqual([[[1]], [[1]]]);
  });
});

describe('calls in the background', () => {
  const make = () => {
    const layers = fields();
    const forward = (x: Any, c: Any) => {
      const y = layers.conv.forward(x);
      return layers.head.forward(where(y.gt(0), y, 0).add(layers.table.forward(c).transpose(1, 2)));
    };
    return compiled(forward, [signal(1, 20), codes(1, 20)], layers);
  };

  test('copy their inputs, those of later programs too', async () => {
    const { module, network } = make();
    const [x, c] = [signal(2, 5000), codes(2, 5000)];
    const expected = seen(module.forward(x, c));
    const running = network.forwardAsync(x, c);
    (x as Any).data.fill(Number.NaN);
    (c as Any).data.fill(-1n);
    expect(seen(await running)).toEqual(expected);
    expect(network.pending).toBe(0);
  });

  test('end between programs, too, when a signal aborts', async () => {
    const { network } = make();
    const inputs = [signal(4, 50_000), codes(4, 50_000)];
    const aborted = new AbortController();
    aborted.abort(new Error('of the test'));
    await expect(network.forwardAsync(...inputs, { signal: aborted.signal })).rejects.toThrow(
      expect.objectContaining({ name: 'AbortError' }),
    );
    const later = new AbortController();
    const running = network.forwardAsync(...inputs, { signal: later.signal });
    later.abort();
    await expect(running).rejects.toThrow(expect.objectContaining({ name: 'AbortError' }));
    await network.idle();
    const { network: host } = compiled((c: Any) => c.add(1), [codes(2, 3)]);
    await expect(host.forwardAsync(codes(2, 3), { signal: aborted.signal })).rejects.toThrow(
      expect.objectContaining({ name: 'AbortError' }),
    );
  });

  test('may overlap, and outlive dispose()', async () => {
    const { module, network } = make();
    const all = [1, 2, 3, 4].map((n) => [signal(n, 400), codes(n, 400)]);
    const running = all.map((inputs) => network.forwardAsync(...inputs));
    network.dispose();
    for (const [i, result] of (await Promise.all(running)).entries()) {
      expect(seen(result)).toEqual(seen(module.forward(...all[i]!)));
    }
    expect(codeOf(() => network.forward(...all[0]!))).toBe('ERR_CONV1D_TYPE');
  });
});

test('calls under way keep the weights of their time, whatever update(), a call beside them or one that fails does', async () => {
  const make = () => {
    const layers = fields();
    return { layers, module: new Of((x: Any, c: Any) => layers.precise.forward(layers.conv.forward(x.add(layers.table.forward(c).transpose(1, 2))).to('float64')), layers).eval() };
  }; // biome-ignore format: as a forward is read
  const [{ module }, { module: trained }] = [make(), make()];
  const network = compile(module, { inputs: [signal(1, 20), codes(1, 20)] as Any }) as unknown as Loose;
  const inputs = [signal(2, 300), codes(2, 300)] as const;
  const [before, after] = [module, trained].map((each) => seen(each.forward(...inputs)));
  const wrong = [inputs[0], codes(2, 300).add(9)];
  const running = [inputs, wrong, inputs, inputs].map((each) => network.forwardAsync(...each));
  network.update(trained.stateDict());
  expect(seen(network.forward(...inputs))).toEqual(after);
  const ended = await Promise.allSettled(running);
  expect(ended.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'fulfilled']);
  for (const each of ended) if (each.status === 'fulfilled') expect(seen(each.value)).toEqual(before);
  expect(network.pending).toBe(0);
  expect(seen(await network.forwardAsync(...inputs))).toEqual(after);
});

describe('refusals', () => {
  const lookUp = () => {
    const layers = fields();
    return compiled((c: Any) => layers.conv.forward(layers.table.forward(c).transpose(1, 2)), [codes(1, 9)], layers);
  };

  test('of what a node of the host finds in its values name the line', async () => {
    const { network } = lookUp();
    const wrong = tensor([[0, 6, 1]], { dtype: 'int64' });
    expect(codeOf(() => network.forward(wrong))).toBe('ERR_CONV1D_VALUE');
    expect(messageOf(() => network.forward(wrong))).toMatch(
      /^index out of range in self \(at .*116-network-mixed\.test\.ts:\d+:\d+\)$/,
    );
    await expect(network.forwardAsync(wrong)).rejects.toThrow(/index out of range in self \(at .*116/);
    expect(leavesOf(network.forward(codes(1, 5)))[0]!.shape).toEqual([1, 3, 5]);
  });

  test('of other dtypes than at compile()', () => {
    const { network } = lookUp();
    expect(messageOf(() => network.forward(rand(1, 9)))).toBe(
      'network.forward(): input 0 must be int64, but is float32',
    );
    expect(codeOf(() => network.forward(rand(1, 9)))).toBe('ERR_CONV1D_DTYPE');
    expect(codeOf(() => network.forward((codes(1, 9) as Any).to('int32')))).toBe('ERR_CONV1D_DTYPE');
    expect(codeOf(() => network.forward(codes(1, 9, 2)))).toBe('ERR_CONV1D_SHAPE');
  });

  test('of values that are read, of a mask as of floats', () => {
    const module = new Of((x: Any) => (x.gt(0).all().item() ? x : x.relu())).eval();
    expect(codeOf(() => compile(module, { input: rand(2, 3) }))).toBe('ERR_CONV1D_TRACE');
  });

  test('of a network within a forward that is followed', () => {
    const { network } = compiled((c: Any) => c.narrow(0, 0, 1), [codes(2, 3)]);
    const outer = new Of((c: Any) => network.forward(c)).eval();
    expect(codeOf(() => compile(outer, { input: codes(2, 3) }))).toBe('ERR_CONV1D_TRACE');
  });

  test('of memory that is gone', () => {
    const { network } = compiled((c: Any) => [c.add(1), c.narrow(0, 0, 1)], [codes(2, 3)]);
    const gone = codes(2, 3);
    structuredClone(gone.data.buffer, { transfer: [gone.data.buffer as ArrayBuffer] });
    expect(codeOf(() => network.forward(gone))).toBe('ERR_CONV1D_DETACHED');
  });
});

describe('weights', () => {
  test('are a snapshot, tables and layers of another dtype too; update() gives others', () => {
    const forward = (f: Any) => (c: Any) =>
      f.precise
        .forward(f.table.forward(c).transpose(1, 2).to('float64'))
        .add(f.conv.forward(f.table.forward(c).transpose(1, 2)));
    const [layers, others] = [fields(), fields()];
    const { module, network } = compiled(forward(layers), [codes(1, 9)], layers);
    const other = new Of(forward(others), others).eval();
    const x = codes(3, 14);
    const before = seen(network.forward(x));
    expect(before).toEqual(seen(module.forward(x)));
    network.update(other.stateDict());
    expect(seen(network.forward(x))).toEqual(seen(other.forward(x)));
    (layers.table.weight as Any).data.fill(0);
    (layers.precise.weight as Any).data.fill(0);
    expect(seen(network.forward(x))).toEqual(seen(other.forward(x)));
    expect(seen(module.forward(x))).not.toEqual(before);
  });

  test('get no gradients, nor do inputs', () => {
    const weight = new Parameter(randn(3));
    const { network } = compiled((x: Any) => where(x.gt(0), x, weight), [rand(2, 3)], { weight });
    const x = rand(2, 3);
    x.requiresGrad = true;
    expect(leavesOf(network.forward(x)).map(({ requiresGrad, gradFn }) => [requiresGrad, gradFn])).toEqual([
      [false, null],
    ]);
  });
});

describe('streams', () => {
  class Level extends nn.Module {
    readonly conv = new nn.Conv1d(1, 3, 5);
    override forward(x: Any, level: Any): Any {
      const y = this.conv.forward(x).abs();
      const loud = where(y.gt(0.3), y, 0).mean([1, 2]).reshape(-1, 1, 1);
      return [loud.sqrt(), loud.mul(0.5).add(level.mul(0.5))];
    }
  }

  test('of chunks of one length repeat forward, one by one and many at once', () => {
    const module = new Level().eval();
    const inputs = { x: rand(1, 1, 160), level: zeros(1, 1, 1) };
    const network = compile(module, { inputs, outputs: ['loud', 'next'] }) as Any;
    const options = { chunk: 160, carry: { level: 'next' } };
    const signals = [randn(1, 1, 480), randn(1, 1, 480)];
    const expected = signals.map((x) => {
      let level: Any = zeros(1, 1, 1);
      return [0, 160, 320].map((begin) => {
        const [loud, next] = module.forward(x.narrow(2, begin, 160), level);
        level = next;
        return loud.item();
      });
    });
    const stream = network.stream(options);
    const pushed = [signals[0]!.narrow(2, 0, 170), signals[0]!.narrow(2, 170, 310)].map((x) =>
      stream.push(x).toArray(),
    );
    expect(pushed.flat(3)).toEqual(expected[0]);
    const streams = network.streams({ capacity: 2, ...options });
    const rows = [streams.open(), streams.open()];
    expect(streams.push(rows, signals).map((y: Any) => y.toArray().flat(2))).toEqual(expected);
  });

  test('of signals that go on are refused, with the line', () => {
    const { network } = compiled((x: Any) => where(x.gt(0), x, 0), [rand(1, 1, 9)]);
    expect(messageOf(() => network.stream())).toMatch(/gt has no native step.*\(at .*116-network-mixed/);
    expect(codeOf(() => network.streams({ capacity: 2 }))).toBe('ERR_CONV1D_VALUE');
    const { network: indices } = compiled((x: Any) => x.argmax(1), [rand(1, 2, 9)]);
    expect(messageOf(() => indices.stream({ chunk: 5 }))).toContain('but they are float32 and int64');
  });

  test('of what is made for the whole length are refused, too', () => {
    const { network } = compiled((x: Any) => x.relu().add(ones(x.shape[2])), [rand(1, 1, 9)]);
    expect(messageOf(() => network.stream())).toContain('full makes what depends on the length of the whole signal');
    const { network: ofBatch } = compiled((x: Any) => x.relu().add(ones(x.shape[0], 1, 1)), [rand(1, 1, 9)]);
    const x = rand(3, 1, 20);
    expect(seen((ofBatch.stream({ batch: 3 }) as Any).push(x))).toEqual(seen(ofBatch.forward(x)));
  });
});

test('of no items, and of empty signals, the module decides', () => {
  const layers = fields();
  const { module, network } = compiled(
    (c: Any) => where(c.gt(2), layers.lstm.forward(layers.table.forward(c))[0].sum([2]), 0),
    [codes(2, 7)],
    layers,
  );
  for (const shape of [[0, 7], [2, 1]]) {
    const c = zeros(shape).to('int64');
    expect(seen(network.forward(c))).toEqual(seen(module.forward(c)));
  } // biome-ignore format: shapes
});
