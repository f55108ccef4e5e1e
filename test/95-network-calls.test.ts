import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { compile, nn, rand, type Tensor, tensor, zeros } from '../lib/index.ts';

// biome-ignore lint/suspicious/noExplicitAny: what a caller without types may write
type Any = any;

/** A module of one function. */
class Of extends nn.Module {
  constructor(readonly compute: (...inputs: Any[]) => Any) {
    super();
  }
  override forward(...inputs: Tensor[]): Any {
    return this.compute(...inputs);
  }
}

const layer = () => new nn.Sequential(new nn.Conv1d(2, 3, 5), new nn.ReLU()).eval();
const network = () => compile(layer(), { input: rand(1, 2, 100) }) as Any;

describe('a network', () => {
  test.each([
    ['its input', (x: Tensor) => x],
    ['its input twice', (x: Tensor) => [x, x]],
    ['what it knows', () => tensor([1, 2])],
  ])('that gives %s and computes nothing is one', (_, compute) => {
    const of = compile(new Of(compute).eval(), { input: rand(1, 2, 10) });
    const x = rand(3, 2, 7);
    expect(of.forward(x)).toEqual(compute(x));
    expect(of.summary().steps).toEqual([]);
    expect(of.profile(x).steps).toEqual([]);
  });

  const BATCHES: readonly [name: string, module: nn.TensorModule, shape: readonly number[]][] = [
    ['a convolution', new nn.Conv1d(2, 3, 5), [0, 2, 20]],
    ['a linear layer', new nn.Linear(2, 3), [0, 2]],
    ['a norm', new nn.GroupNorm(1, 2), [0, 2, 20]],
  ];
  test.each(BATCHES)('of %s takes a batch without items', async (_, module, shape) => {
    const of = compile(module.eval() as nn.Sequential, { input: rand(...shape.with(0, 1)) });
    const empty = zeros(...shape);
    const expected = module.forward(empty).shape;
    expect(of.forward(empty).shape).toEqual(expected);
    expect((await of.forwardAsync(empty)).shape).toEqual(expected);
    expect(of.summary([...shape]).flops).toBe(0);
    expect(of.profile(empty).ms).toBe(0);
  });
});

describe('what is wrong with a call', () => {
  test.each([
    ['no input', (of: Any) => of.forward(), 'network.forward(): expected 1 input, but got 0'],
    ['no tensor', (of: Any) => of.forward([1, 2]), 'network.forward(): input 0 must be a Tensor, but got an array'],
    [
      'names that nobody gave',
      (of: Any) => of.forward({ x: rand(1, 2, 100) }),
      'input 0 must be a Tensor, but got an object; for calls by name, compile() takes inputs: { name: tensor }',
    ],
  ])('%s is said', (_, call, message) => {
    expect(() => call(network())).toThrow(message);
  });

  test('arguments behind the options are refused', async () => {
    await expect(network().forwardAsync(rand(1, 2, 100), {}, 3)).rejects.toThrow(
      'network.forwardAsync(): expected 1 input and options, but got 3 arguments',
    );
  });

  test('another arrangement is refused with the one that is wanted', () => {
    const of = compile(new Of((x, { h, c }) => x.add(h).add(c)).eval(), {
      inputs: [rand(3), { h: rand(3), c: rand(3) }] as Any,
    }) as Any;
    expect(of.forward(rand(3), { h: rand(3), c: rand(3) }).shape).toEqual([3]);
    expect(() => of.forward(rand(3), [rand(3), rand(3)])).toThrow(
      'network.forward(): input 1 must be arranged as at compile(): { h: Tensor, c: Tensor }',
    );
  });

  test('names for more outputs than there are', () => {
    expect(() => compile(layer(), { input: rand(1, 2, 100), outputs: ['y', 'z'] })).toThrow(
      'compile(): outputs has 2 names, but the forward returns 1 tensor',
    );
  });
});

describe('a forward that is followed', () => {
  test.each([
    ['item()', (x: Tensor) => x.mul(x.max().item())],
    ['data', (x: Tensor) => tensor(x.data)],
    ['a template string', (x: Tensor) => x.add(`${x}`.length)],
  ])('and reads values by %s is told where', (_, compute) => {
    expect(() => compile(new Of(compute).eval(), { input: rand(2, 3) })).toThrow(
      /values of a tensor are read .* \(at .*95-network-calls\.test\.ts:\d+:\d+\)$/,
    );
  });

  test('and waits for something does not end the process', () => {
    const program = `
      const { compile, nn, rand } = await import('./lib/index.ts');
      class Late extends nn.Module {
        conv = new nn.Conv1d(1, 1, 1);
        forward(x) { return this.conv.forwardAsync(x); }
      }
      try { compile(new Late().eval(), { input: rand(1, 1, 5) }); } catch (error) { console.log(error.message); }
      await new Promise((resolve) => setImmediate(resolve));
      console.log('alive');`;
    const { stdout, status } = spawnSync(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program], {
      cwd: fileURLToPath(new URL('..', import.meta.url)),
      encoding: 'utf8',
    });
    expect(stdout).toContain('the forward returns a Promise');
    expect(stdout).toContain('alive');
    expect(status).toBe(0);
  });
});
