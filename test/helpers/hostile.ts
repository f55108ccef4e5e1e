import { createContext, runInContext } from 'node:vm';
import { cat, type Dtype, type Elements, rand, stack, Tensor, tensor, zeros } from '../../lib/index.ts';
import { detach } from './refusals.ts';

/** What the code of a hostile value throws: it comes through as it is. */
export const THEIRS = new Error('thrown by the value itself');
export function theirs(): never {
  throw THEIRS;
}

export function revoked(target: object): object {
  const { proxy, revoke } = Proxy.revocable(target, {});
  revoke();
  return proxy;
}

/** An array that says that it has another length. */
export function lying(length: unknown): unknown[] {
  return new Proxy([1, 2], {
    get: (target, key, self) => (key === 'length' ? length : Reflect.get(target, key, self)),
  });
}

function gone(): Tensor {
  const x = rand(2, 3);
  detach(x.data);
  return x;
}

const traps = { get: theirs, has: theirs, ownKeys: theirs, getPrototypeOf: theirs, getOwnPropertyDescriptor: theirs };
const endless = Object.assign([1, 2, 3], {
  *[Symbol.iterator]() {
    for (;;) yield 1;
  },
});
const lyingMethods = Object.assign([1, 0], { map: theirs, slice: theirs, filter: theirs, [Symbol.iterator]: theirs });

/** Values that nobody means well with. */
export const HOSTILE: readonly [name: string, value: unknown][] = [
  ['undefined', undefined],
  ['null', null],
  ['true', true],
  ['NaN', Number.NaN],
  ['Infinity', Number.POSITIVE_INFINITY],
  ['-1', -1],
  ['0', 0],
  ['0.5', 0.5],
  ['2^53', 2 ** 53],
  ['2^53 - 1', 2 ** 53 - 1],
  ['-(2^53 - 1)', 1 - 2 ** 53],
  ['1e300', 1e300],
  ['a bigint', 5n],
  ['a string', 'a\0b'],
  ['a symbol', Symbol('hostile')],
  ['an empty object', {}],
  ['an object with a symbol', { [Symbol('key')]: 1 }],
  ['an unknown option', { keepdims: true }],
  ['options with junk', { dtype: Symbol('x'), keepdim: {}, size: [], training: 1, state: revoked({}) }],
  ['an empty array', []],
  ['65 sizes', new Array(65).fill(1)],
  ['an array of 2^32 - 1 holes', new Array(2 ** 32 - 1)],
  ['an array with an endless iterator', endless],
  ['an array whose methods throw', lyingMethods],
  ['an array of length 2^53', lying(2 ** 53)],
  ['an array of length 2^40', lying(2 ** 40)],
  ['an array of length 0.5', lying(0.5)],
  ['an array of length -1', lying(-1)],
  ['an array of length NaN', lying(Number.NaN)],
  ['an array whose length is a string', lying('2')],
  ['an array of revoked proxies', [revoked({}), revoked([])]],
  ['an array of symbols', [Symbol('a'), Symbol('b')]],
  ['an array of huge sizes', [2 ** 53 - 1, 2 ** 53 - 1]],
  ['a function', () => {}],
  ['a revoked proxy', revoked({})],
  ['a revoked proxy of an array', revoked([])],
  ['a revoked proxy of a function', revoked(() => {})],
  ['a proxy that throws', new Proxy({}, traps)],
  ['a proxy of a tensor', new Proxy(rand(2, 6), {})],
  ['an heir of the prototype', Object.create(Tensor.prototype)],
  ['a typed array', new Int32Array(4)],
  ['a tensor without elements', zeros(0)],
  ['a tensor without elements, of huge sizes', zeros(2 ** 40, 0, 2 ** 40)],
  ['a tensor without dimensions', tensor(1)],
  ['a tensor of 64 dimensions', zeros(new Array(64).fill(1))],
  ['a tensor whose memory is gone', gone()],
  ['a tensor of NaN', tensor([Number.NaN, Number.POSITIVE_INFINITY])],
  ['a tensor of int64', tensor([[2n ** 62n, -5n, 0n]])],
  ['a tensor of int32', tensor([[1, -5, 2 ** 31 - 1]], { dtype: 'int32' })],
  ['a tensor of bools', tensor([[true, false, true]])],
];

/** Throws unless what a call throws is an error with a code of this library, or thrown by the value itself. Gives the result, if there is one. */
export function resultOf(call: () => unknown): unknown {
  try {
    return call();
  } catch (error) {
    const code = (error as { code?: unknown } | undefined)?.code;
    if (error === THEIRS || (typeof code === 'string' && code.startsWith('ERR_CONV1D_'))) return undefined;
    throw error;
  }
}

/** All tensors in a value; none in what is hostile itself. */
export function tensorsIn(value: unknown): Tensor<Dtype>[] {
  if (Tensor.isTensor(value)) return [value];
  try {
    if (Array.isArray(value)) return value.length < 100 ? value.flatMap(tensorsIn) : [];
    return isPlain(value) ? Object.values(value).flatMap(tensorsIn) : [];
  } catch {
    return [];
  }
}

function isPlain(value: unknown): value is object {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

/** A value with another tensor in the place of each of its tensors. */
export function withTensors(value: unknown, change: (x: Tensor<Dtype>) => unknown): unknown {
  if (Tensor.isTensor(value)) return change(value);
  if (Array.isArray(value)) return value.map((each) => withTensors(each, change));
  if (!isPlain(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, withTensors(each, change)]));
}

/** The elements of a tensor as bigints or numbers, and the rest of it. */
export function contents(value: unknown): unknown {
  return tensorsIn(value).map((x) => ({
    shape: x.shape,
    dtype: x.dtype,
    elements: Array.from(x.data as Float32Array),
  }));
}

const realm = createContext({});

/** The same tensor over an array of another realm. */
export function ofAnotherRealm(x: Tensor<Dtype>): Tensor<Dtype> {
  return over(x, (elements) => {
    const Kind = runInContext(elements.constructor.name, realm) as new (length: number) => Elements;
    return new Kind(elements.length);
  });
}

/** The same tensor over shared memory. */
export function inSharedMemory(x: Tensor<Dtype>): Tensor<Dtype> {
  return over(x, (elements) => {
    const Kind = elements.constructor as new (buffer: SharedArrayBuffer) => Elements;
    return new Kind(new SharedArrayBuffer(elements.byteLength));
  });
}

/** The same tensor over memory that shrinks afterwards. */
export function thatShrank(x: Tensor<Dtype>): Tensor<Dtype> {
  let buffer: (ArrayBuffer & { resize(bytes: number): void }) | undefined;
  const result = over(x, (elements) => {
    const made = Reflect.construct(ArrayBuffer, [elements.byteLength, { maxByteLength: elements.byteLength + 8 }]);
    buffer = made;
    return new (elements.constructor as new (buffer: ArrayBuffer) => Elements)(made);
  });
  buffer!.resize(0);
  return result;
}

/** The same tensor, its elements every other one of a larger memory, behind others. */
export function withGaps(x: Tensor<Dtype>): Tensor<Dtype> {
  const apart = stack([x, x.logicalNot().to(x.dtype)], x.ndim);
  return cat([apart.flatten().narrow(0, 0, 1), apart.flatten()])
    .narrow(0, 1, 2 * x.numel)
    .reshape(...x.shape, 2)
    .at(...x.shape.map(() => [0, Infinity] as const), 0) as Tensor<Dtype>;
}

/** The same tensor, its memory in the order of columns. */
export function inColumns(x: Tensor<Dtype>): Tensor<Dtype> {
  return x.ndim < 2 ? x : x.transpose(0, -1).clone().transpose(0, -1);
}

/** The same tensor over memory that was transferred away. */
export function thatIsGone(x: Tensor<Dtype>): Tensor<Dtype> {
  const copy = x.clone();
  detach(copy.data);
  return copy;
}

function over(x: Tensor<Dtype>, memoryFor: (elements: Elements) => Elements): Tensor<Dtype> {
  const from: Elements = x.data;
  const to = memoryFor(from);
  (to as { set(from: Elements): void }).set(from);
  return Tensor.from({ data: to, shape: x.shape });
}
