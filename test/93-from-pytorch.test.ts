import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import * as conv1d from '../lib/index.ts';

const { Conv1d, compile, functional, Module, Network, NetworkStream, NetworkStreams, nn, optim, rand, Tensor, tensor } =
  conv1d;
const read = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8');

const optimizer = new optim.SGD([tensor([1], { requiresGrad: true })], { lr: 1 });

/** What a name before a dot stands for in the tables, and where its members are found. */
const OWNERS: Readonly<Record<string, object>> = {
  conv1d,
  nn,
  functional,
  x: tensor([1]),
  net: new nn.Sequential(),
  conv: new Conv1d(1, 1, 1),
  optim,
  lrScheduler: optim.lrScheduler,
  optimizer,
  scheduler: new optim.lrScheduler.StepLR(optimizer, 1),
  plateau: new optim.lrScheduler.ReduceLROnPlateau(optimizer),
  network: compile(new Conv1d(1, 1, 1).eval(), { input: rand(1, 1, 1) }),
  Tensor,
  Conv1d,
  Network,
  NetworkStream,
  NetworkStreams,
};
/** JavaScript's own, which the tables use. */
const FOREIGN = ['JSON', 'console'];

/**
 * The names in the column "here" of the tables, each under its owner. A piece of code names what it begins with: `functional.elu(x)` names
 * elu. One without an owner, as `elu` after it, has the owner of the piece before it in the cell; the first one is the package's.
 */
function namesInTables(document: string): Map<string, Set<string>> {
  const found = new Map(Object.keys(OWNERS).map((owner) => [owner, new Set<string>()]));
  for (const cell of cellsOf(document)) {
    let owner = 'conv1d';
    for (const [, code] of cell.matchAll(/`([^`]+)`/g)) {
      const bare = code!.replace(/^(const .* = |class \w+ extends )?(await |new )?/, '');
      const head = /^(?:(\w+)\.)?([A-Za-z]\w*)/.exec(bare);
      if (head === null || FOREIGN.includes(head[1]!)) continue;
      owner = head[1] ?? owner;
      expect(Object.keys(OWNERS), `the owner in \`${code}\``).toContain(owner);
      found.get(owner)!.add(head[2]!);
    }
  }
  return found;
}

/** The second cell of each row of the tables of names; that of the constructor's options has the column "default". */
function cellsOf(document: string): string[] {
  const tables = document.matchAll(/^\| PyTorch \| here \|(?: differs \|)?\n\|[-|]+\n((?:\|.*\n)+)/gm);
  return [...tables].flatMap(([, rows]) =>
    rows!
      .trimEnd()
      .split('\n')
      .map((row) => row.split(' | ')[1]!),
  );
}

/** The members of a class that its source does not call internal, but for those that JavaScript itself asks for. */
function publicMembers(type: { readonly prototype: object }, path: string): string[] {
  const internal = [
    ...read(path).matchAll(/\/\*\* @internal(?:(?!\*\/).)*\*\/\s+(?:protected |override |get )*(\w+)/gs),
  ];
  const left = ['constructor', 'toString', 'toJSON', ...internal.map(([, name]) => name!)];
  return Object.getOwnPropertyNames(type.prototype).filter((name) => !left.includes(name));
}

describe('the tables of docs/from-pytorch.md', () => {
  const named = namesInTables(read('../docs/from-pytorch.md'));
  const missing = (names: readonly string[], owner: string) => names.filter((name) => !named.get(owner)!.has(name));

  test.each(Object.keys(OWNERS))('name nothing of %s that is not there', (owner) => {
    expect(named.get(owner)!.size).toBeGreaterThan(0);
    expect([...named.get(owner)!].filter((name) => !(name in OWNERS[owner]!))).toEqual([]);
  });

  test('have every function that holds no weights', () => {
    expect(missing(Object.keys(functional), 'functional')).toEqual([]);
  });

  test('have every layer', () => {
    expect(missing(Object.keys(nn), 'nn')).toEqual([]);
  });

  test('make layers with options that are there', () => {
    const layers = [...read('../docs/from-pytorch.md').matchAll(/^\| .* \| `(new nn\.\w+\([^`]*\))`.* \|.* \|$/gm)];
    expect(layers.length).toBeGreaterThan(20);
    for (const [, code] of layers) expect(() => new Function('nn', `return ${code}`)(nn), code).not.toThrow();
  });

  test('have every member of a tensor, of a module and of a network', () => {
    const members = [...publicMembers(Tensor, '../lib/tensor/tensor.ts'), ...Object.keys(tensor([1]))];
    expect(missing(members, 'x')).toEqual([]);
    expect(missing(publicMembers(Module, '../lib/nn/module.ts'), 'net')).toEqual([]);
    expect(missing(publicMembers(Network, '../lib/network/network.ts'), 'network')).toEqual([]);
  });

  test('have every optimiser, every schedule and their members', () => {
    expect(missing(Object.keys(optim), 'optim')).toEqual([]);
    expect(missing(Object.keys(optim.lrScheduler), 'lrScheduler')).toEqual([]);
    expect(missing([...publicMembers(optim.Optimizer, '../lib/optim/optimizer.ts'), 'defaults'], 'optimizer')).toEqual(
      [],
    );
    const { LRScheduler } = optim.lrScheduler;
    expect(missing(publicMembers(LRScheduler, '../lib/optim/schedules/scheduler.ts'), 'scheduler')).toEqual([]);
  });

  test('have every other export of the package', () => {
    const others = Object.keys(conv1d).filter((name) => !(name in nn) && !(name in OWNERS));
    expect(missing(others, 'conv1d')).toEqual([]);
  });
});
