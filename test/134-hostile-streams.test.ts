import { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import { cat, compile, type Network, nn, rand, Tensor, zeros } from '../lib/index.ts';

const network = compile(
  new nn.Sequential(
    new nn.Conv1d(2, 4, 5, { padding: 2 }),
    new nn.ReLU(),
    new nn.Conv1d(4, 3, 3, { stride: 2 }),
  ).eval(),
  { input: rand(1, 2, 100) },
) as unknown as Network;

class Both extends nn.Module {
  readonly conv = new nn.Conv1d(2, 2, 3, { padding: 1 });
  override forward(a: Tensor, b: Tensor): Tensor {
    return this.conv.forward(a).add(b) as Tensor;
  }
}
const both = compile(new Both().eval(), { inputs: { a: rand(1, 2, 40), b: rand(1, 2, 40) } }) as unknown as Network;

const some = (length = 9) => rand(1, 2, length) as Tensor;
const coded = (code: string) => expect.objectContaining({ code: `ERR_CONV1D_${code}` });
const detach = (x: Tensor) => structuredClone(0, { transfer: [x.data.buffer as ArrayBuffer] });

/** An array whose second element takes away the memory of the first when it is read. */
function trap<T>(first: Tensor, second: T): (Tensor | T)[] {
  const list: (Tensor | T)[] = [first, second];
  return Object.defineProperty(list, 1, {
    get() {
      detach(first);
      return second;
    },
  });
}

describe('chunks and out that change while they are read', () => {
  test.each([1, 9])('a chunk of %i whose memory another one takes away', (length) => {
    const stream = both.stream();
    const before = stream.getState();
    expect(() => stream.push(trap(some(length), some(length)) as never)).toThrow(coded('DETACHED'));
    expect(stream.getState()).toEqual(before);
    const streams = network.streams({ capacity: 2 });
    const rows = [streams.open(), streams.open()];
    expect(() => streams.push(rows, trap(some(length), some(length)) as never)).toThrow(coded('DETACHED'));
    expect(streams.getState(rows[0]!).received).toBe(0);
  });

  test('an out whose getter takes away the chunk', () => {
    const [a, b] = [some(), some()];
    const out = [zeros(1, 2, 8) as Tensor];
    Object.defineProperty(out, 0, {
      get() {
        detach(a);
        return zeros(1, 2, 8);
      },
    });
    expect(() => both.stream().push([a, b], { out })).toThrow(coded('DETACHED'));
  });

  test('memory that is shared, resizable, of another realm, and gone', () => {
    const whole = some();
    const expected = network.stream().push(whole).toArray();
    const shared = new Float32Array(new SharedArrayBuffer(72));
    const growing = new Float32Array(
      new (ArrayBuffer as new (length: number, options: object) => ArrayBuffer)(72, { maxByteLength: 100 }),
    );
    const foreign = runInNewContext('new Float32Array(18)') as Float32Array;
    for (const memory of [shared, growing, foreign]) {
      memory.set(whole.data);
      expect(
        network
          .stream()
          .push(new Tensor(memory, [1, 2, 9]) as Tensor)
          .toArray(),
      ).toEqual(expected);
    }
    const shrunk = new Tensor(growing, [1, 2, 9]) as Tensor;
    (growing.buffer as unknown as { resize(length: number): void }).resize(40);
    const gone = some();
    detach(gone);
    expect(() => network.stream().push(gone)).toThrow(coded('DETACHED'));
    expect(() => network.stream().push(shrunk)).toThrow(coded('DETACHED'));
  });

  test('calls from within a call are refused, and nothing is consumed', () => {
    const stream = network.stream();
    const within = (call: () => unknown) => ({
      get out() {
        call();
        return undefined;
      },
    });
    for (const call of [
      () => stream.push(some()),
      () => stream.flush(),
      () => stream.reset(),
      () => stream.getState(),
      () => stream.setState(state()),
      () => stream.outShape(3),
    ]) {
      expect(() => stream.push(some(), within(call) as never)).toThrow(coded('STREAM'));
    }
    const streams = network.streams({ capacity: 2 });
    const row = streams.open();
    for (const call of [() => streams.open(), () => streams.close(row), () => streams.push([row], some())]) {
      expect(() => streams.push([row], some(), within(call) as never)).toThrow(coded('STREAM'));
    }
    expect([stream.getState().received, streams.getState(row).received]).toEqual([0, 0]);
  });

  test('a network that is disposed of during a push goes on in its streams', () => {
    const own = compile(new nn.Conv1d(2, 3, 3).eval(), { input: some() });
    const stream = own.stream();
    const options = {
      get out() {
        own.dispose();
        return undefined;
      },
    };
    expect(stream.push(some(), options).shape).toEqual([1, 3, 7]);
    expect(stream.push(some()).shape).toEqual([1, 3, 9]);
  });
});

function state() {
  const stream = network.stream();
  stream.push(some(12));
  return stream.getState();
}

describe('states of anybody', () => {
  const cases: readonly [string, object, string][] = [
    ['another version', { version: 2 }, 'VALUE'],
    ['a version as a text', { version: '1' }, 'VALUE'],
    ['another network', { network: 'x' }, 'VALUE'],
    ['another batch', { batch: 2 }, 'VALUE'],
    ['NaN for a counter', { received: Number.NaN }, 'VALUE'],
    ['a fraction', { computed: 11.5 }, 'VALUE'],
    ['an object for a counter', { received: { valueOf: () => 12 } }, 'TYPE'],
    ['a bigint', { received: 12n }, 'TYPE'],
    ['below zero', { received: -1, computed: -1 }, 'VALUE'],
    ['beyond 2^48', { received: 2 ** 48 + 2, computed: 2 ** 48 + 2 }, 'VALUE'],
    ['beyond 2^53', { received: 2 ** 53, computed: 2 ** 53 }, 'VALUE'],
    ['inputs that wait though they complete outputs', { received: 2 ** 30 }, 'SHAPE'],
    ['another phase', { received: 2 ** 47 + 1, computed: 2 ** 47 + 1 }, 'SHAPE'],
    ['the beginning', { received: 0, computed: 0 }, 'SHAPE'],
    ['pending that is no array', { pending: { length: 1, 0: '' } }, 'TYPE'],
    ['pending of two inputs', { pending: ['', ''] }, 'TYPE'],
    ['pending that is too long', { pending: ['AAAA'] }, 'SHAPE'],
    ['kept that is no text', { kept: 5 }, 'TYPE'],
    ['kept that is not there', { kept: undefined }, 'TYPE'],
    ['kept with an end of its own', { kept: `${state().kept}=` }, 'SHAPE'],
    ['ended as a number', { ended: 1 }, 'TYPE'],
    ['a name of its own', { more: 1 }, 'OPTION'],
  ];

  test.each(cases)('%s is refused, and the stream goes on', (_, change, code) => {
    const stream = network.stream();
    stream.push(some(7));
    const before = stream.getState();
    expect(() => stream.setState({ ...state(), ...change } as never)).toThrow(coded(code));
    const streams = network.streams({ capacity: 1 });
    const row = streams.open();
    expect(() => streams.setState(row, { ...state(), ...change } as never)).toThrow(coded(code));
    expect(stream.getState()).toEqual(before);
    expect(streams.getState(row).received).toBe(0);
  });

  test('prototypes, classes, arrays and revoked proxies are no states', () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    for (const each of [Object.create(state()), new Map(Object.entries(state())), [], null, 'state', proxy]) {
      expect(() => network.stream().setState(each as never)).toThrow(coded('TYPE'));
    }
  });

  test('each property is read once', () => {
    const own = state();
    let reads = 0;
    const stream = network.stream();
    stream.setState({
      ...own,
      get received() {
        reads += 1;
        return reads === 1 ? own.received : 2 ** 40;
      },
    });
    expect(stream.getState()).toEqual(own);
  });

  test('a signal may be nearly 2^48 long', () => {
    const own = state();
    const stream = network.stream();
    const far = 2 ** 48 - 10;
    stream.setState({ ...own, received: far, computed: far });
    const near = network.stream();
    near.setState(own);
    expect(stream.push(some(0)).shape).toEqual([1, 3, 0]);
    const x = some(8);
    expect(stream.push(x).toArray()).toEqual(near.push(x).toArray());
    expect(() => stream.push(some(3))).toThrow(coded('VALUE'));
    expect(() => stream.outShape(3)).toThrow(coded('VALUE'));
    expect(stream.flush().toArray()).toEqual(near.flush().toArray());
  });
});

describe('adapters', () => {
  const doubled = (shape: readonly number[]) =>
    compile(
      new (class extends nn.Module {
        override forward(x: Tensor): Tensor {
          return x.mul(2) as Tensor;
        }
      })().eval(),
      { input: rand(shape) as Tensor },
    );

  test.each<[readonly number[], readonly number[]]>([
    [[50], [8]],
    [
      [2, 50],
      [1, 8], // what comes first is a batch
    ],
    [
      [1, 2, 50],
      [1, 2, 4],
    ],
    [
      [1, 1, 2, 50],
      [1, 1, 2, 4],
    ],
  ])('take typed arrays for an input of the shape %j', async (shape, expected) => {
    const shapes: (readonly number[])[] = [];
    for await (const y of doubled(shape)
      .stream()
      .over([new Float32Array(8)]))
      shapes.push(y.shape);
    expect(shapes).toEqual([expected]);
  });

  test('hand on the error of a chunk, in the middle, and consume nothing of it', async () => {
    const bad = [some(), rand(1, 3, 9) as Tensor, some()];
    const [web, node, iterated] = [network.stream(), network.stream(), network.stream()];
    const sink = () => new Writable({ objectMode: true, write: (_, __, done) => done() });
    await expect(
      ReadableStream.from(bad)
        .pipeThrough(web.transform() as never)
        .pipeTo(new WritableStream()),
    ).rejects.toMatchObject({ code: 'ERR_CONV1D_SHAPE' });
    await expect(pipeline(Readable.from(bad), node.toNodeTransform(), sink())).rejects.toMatchObject({
      code: 'ERR_CONV1D_SHAPE',
    });
    const iterate = async () => {
      for await (const _ of iterated.over(bad));
    };
    await expect(iterate()).rejects.toMatchObject({ code: 'ERR_CONV1D_SHAPE' });
    for (const stream of [web, node, iterated]) {
      expect(stream.getState()).toMatchObject({ received: 9, ended: false });
      expect(stream.push(some(4)).shape).toEqual([1, 3, 2]);
    }
  });

  test('that are aborted or left early close their source and do not end the stream', async () => {
    const left = network.stream();
    let isClosed = false;
    async function* endless() {
      try {
        for (;;) yield some();
      } finally {
        isClosed = true;
      }
    }
    for await (const _ of left.over(endless())) break;
    expect(isClosed).toBe(true);

    const aborted = network.stream();
    const control = new AbortController();
    const stop = new WritableStream({ write: () => control.abort(new Error('enough')) });
    const source = new ReadableStream({ pull: (to) => to.enqueue(some()) });
    await expect(
      source.pipeThrough(aborted.transform() as never, { signal: control.signal }).pipeTo(stop),
    ).rejects.toThrow('enough');

    const cancelled = network.stream();
    const reader = ReadableStream.from(endless())
      .pipeThrough(cancelled.transform() as never)
      .getReader();
    await reader.read();
    await reader.cancel();
    for (const stream of [left, aborted, cancelled]) expect(stream.getState().ended).toBe(false);
    expect(left.getState().received).toBe(9);
  });

  test('that nobody reads from take no more than their queues hold', async () => {
    let pulled = 0;
    const source = new ReadableStream({
      pull(to) {
        pulled += 1;
        to.enqueue(some());
      },
    });
    const reader = source.pipeThrough(network.stream().transform() as never).getReader();
    for (let i = 0; i < 5; i++) await reader.read();
    expect(pulled).toBeLessThan(12);
    await reader.cancel();
  });

  test('a chunk whose memory is used again is read before the next one comes', async () => {
    const memory = new Float32Array(18);
    const chunks = [1, 2, 3];
    function* source() {
      for (const value of chunks) yield memory.fill(value);
    }
    const pieces: Tensor[] = [];
    for await (const y of network.stream().over(source())) pieces.push(y);
    const x = cat(
      chunks.map((value) => zeros(1, 2, 9).add(value)),
      2,
    ) as Tensor;
    expect((cat(pieces, 2) as Tensor).toArray()).toEqual(network.forward(x).toArray());
  });
});
