import { describe, expect, test } from 'vitest';
import { VoiceDetector } from '../examples/networks/voiceDetector.ts';
import { cat, compile, functional, type Network, nn, rand, randn, type Tensor, zeros } from '../lib/index.ts';
import { Dice } from './helpers/dice.ts';
import { isas, withIsa, withThreads } from './helpers/layer.ts';
import { checkStream } from './helpers/networks/stream.ts';
import { checkKnown, KNOWN } from './helpers/networks/vocoders.ts';

const [SEED, GRAPHS] = [1, 120];

/** The outputs of a signal in random chunks. */
function inChunks(stream: { push(x: Tensor): Tensor; flush(): Tensor }, x: Tensor, most: number, dice: Dice): Tensor {
  const length = x.shape[2]!;
  const pieces: Tensor[] = [];
  for (let at = 0; at < length; ) {
    const count = Math.min(dice.integer(0, most), length - at);
    pieces.push(stream.push(x.narrow(2, at, count) as Tensor));
    at += count;
  }
  return cat([...pieces, stream.flush()], 2) as Tensor;
}

function expectSameBits(actual: Tensor, expected: Tensor): void {
  expect(actual.shape).toEqual(expected.shape);
  expect(actual.data.findIndex((value, i) => !Object.is(value, expected.data[i]))).toBe(-1);
}

/** A norm over all channels and all points so far, as of Conv-TasNet. */
class CumulativeNorm extends nn.Module {
  override forward(x: Tensor): Tensor {
    const ones = x.narrow(1, 0, 1).mul(0).add(1);
    const count = ones.cumsum(2).mul(x.shape[1]!);
    const mean = x.sum([1], { keepdim: true }).cumsum(2).div(count);
    const square = x.mul(x).sum([1], { keepdim: true }).cumsum(2).div(count);
    return x.sub(mean).div(square.sub(mean.mul(mean)).add(1e-5).sqrt()) as Tensor;
  }
}

describe('the outputs of pushes and flush are those of forward', () => {
  test.each(KNOWN)(
    '$name, in any chunks, on any number of threads, by every implementation of this machine',
    (known) => {
      const { most } = known;
      checkKnown(known, { seed: 3, length: most, chunk: 1 });
      for (const [i, isa] of isas.entries()) withIsa(isa, () => checkKnown(known, { seed: 7 + i }));
    },
  );

  test('the bits of every implementation are those of the best one', () => {
    const net = new nn.Sequential(
      new nn.Conv1d(2, 24, 5, { padding: 2, dilation: 1 }),
      new nn.GELU(),
      new nn.Conv1d(24, 24, 3, { padding: 4, dilation: 4, groups: 24 }),
      new nn.Snake(24),
      new nn.ConvTranspose1d(24, 9, 8, { stride: 4, padding: 2 }),
      new nn.Softmax(1),
      new nn.AvgPool1d(3, { stride: 2, padding: 1 }),
    ).eval();
    const x = randn(1, 2, 75) as Tensor;
    const make = () => compile(net, { input: rand(1, 2, 40) }) as unknown as Network;
    const whole = make().forward(x);
    for (const isa of isas) {
      const streams = withIsa(isa, () => [1, 2, 7].map((threads) => [make().stream(), threads] as const));
      for (const [stream, threads] of streams) {
        withIsa(isa, () =>
          withThreads(threads, () => expectSameBits(inChunks(stream, x, 9, new Dice(threads)), whole)),
        );
      }
    }
  });

  test('cumulative norms, whose sums go on', () => {
    for (const dtype of ['float32', 'float64'] as const) {
      const conv = (from: number, to: number) => new nn.Conv1d(from, to, 3, { padding: 1, dtype });
      const net = new nn.Sequential(conv(2, 6), new CumulativeNorm(), conv(6, 2));
      const network = compile(net.eval(), { input: rand(1, 2, 30, { dtype }) as Tensor }) as unknown as Network;
      const x = randn(1, 2, 90, { dtype }) as Tensor;
      for (const most of [1, 20])
        expectSameBits(inChunks(network.stream(), x, most, new Dice(most)), network.forward(x));
    }
  });

  test('a recurrent layer whose signals come first, (L, N, C)', () => {
    class Outputs extends nn.Module {
      readonly lstm = new nn.LSTM(4, 3, { numLayers: 2 });
      override forward(x: Tensor): Tensor {
        return this.lstm.forward(x)[0];
      }
    }
    const network = compile(new Outputs().eval(), { input: rand(9, 2, 4) });
    const x = randn(20, 2, 4) as Tensor;
    const stream = network.stream({ batch: 2 });
    const pieces = [x.narrow(0, 0, 7), x.narrow(0, 7, 1), x.narrow(0, 8, 12)].map((chunk) =>
      stream.push(chunk as Tensor),
    );
    expectSameBits(cat([...pieces, stream.flush()], 0) as Tensor, network.forward(x));
  });

  const of = (compute: (x: Tensor) => Tensor) =>
    new (class extends nn.Module {
      override forward(x: Tensor): Tensor {
        return compute(x.reshape(x.shape[0]!, x.shape[2]!) as Tensor);
      }
    })();
  const window = functional.hannWindow(256) as Tensor;
  const spectra = (x: Tensor) => functional.stft(x, 256, { hopLength: 64, window }) as Tensor;
  test.each<[string, (x: Tensor) => Tensor, number]>([
    ['stft', spectra, 2],
    ['spectrogram', (x) => functional.spectrogram(x, 400, { hopLength: 160, center: false }) as Tensor, 2],
    ['istft of stft', (x) => functional.istft(spectra(x), 256, { hopLength: 64, window }) as Tensor, 1],
    ['resample', (x) => functional.resample(x, 44_100, 16_000) as Tensor, 1],
    ['resample, to more', (x) => functional.resample(x, 8_000, 22_050) as Tensor, 1],
  ])('%s', (_, compute, dim) => {
    const dice = new Dice(5);
    const network = compile(of(compute).eval(), { input: rand(1, 1, 1000) });
    const x = randn(2, 1, 2048) as Tensor;
    const stream = network.stream({ batch: 2 });
    const pieces: Tensor[] = [];
    for (let at = 0; at < 2048; ) {
      const count = Math.min(dice.integer(0, 300), 2048 - at);
      pieces.push(stream.push(x.narrow(2, at, count) as Tensor));
      at += count;
    }
    expectSameBits(cat([...pieces, stream.flush()], dim) as Tensor, network.forward(x));
  });

  const framing = { hopLength: 16, window: functional.hannWindow(64) as Tensor };
  const lengthOf = (x: Tensor) => x.shape.at(-1)!;
  const [down, up] = [new nn.Conv1d(1, 2, 8, { stride: 4 }), new nn.ConvTranspose1d(2, 1, 8, { stride: 4 })];
  test.each<[string, (x: Tensor) => Tensor, latency: number]>([
    ['istft as long as the signal', (x) => functional.istft(functional.stft(x, 64, framing), 64, { ...framing, length: lengthOf(x) }), 64],
    ['istft of frames that are not centred', (x) => functional.istft(functional.stft(x, 51, { hopLength: 13, center: false }), 51, { hopLength: 13, center: false, length: lengthOf(x) }), 51],
    ['istft with zeros behind', (x) => functional.istft(functional.stft(x, 64, framing), 64, { ...framing, length: lengthOf(x) + 27 }), 64],
    ['istft of whole hops', (x) => functional.istft(functional.stft(x, 64, framing), 64, { ...framing, length: Math.floor(lengthOf(x) / 16) * 16 }), 64],
    ['resample and back', (x) => functional.resample(functional.resample(x, 8, 7), 7, 8).narrow(-1, 0, lengthOf(x)) as Tensor, 23],
    ['a codec that pads to whole frames', (x) => { const padded = functional.pad(x, [2, 2 + ((4 - (lengthOf(x) % 4)) % 4)]); return (up.forward(down.forward(padded.unsqueeze(1) as Tensor)).squeeze(1) as Tensor).narrow(-1, 0, lengthOf(x)) as Tensor; }, 10],
    ['reflection up to whole frames', (x) => functional.pad(x, [3, (5 - (lengthOf(x) % 5)) % 5], { mode: 'reflect' }), 4],
    ['what does not fill a frame left out', (x) => x.narrow(-1, 0, Math.floor(lengthOf(x) / 4) * 4).reshape(-1, Math.floor(lengthOf(x) / 4), 4).mean([2]) as Tensor, 7],
  ])('%s, whatever the length leaves over', (_, compute, latency) => {
    const network = compile(of(compute).eval(), { input: rand(1, 1, 200) });
    const stream = network.stream();
    expect(stream.latency).toBe(latency);
    const streams = network.streams({ capacity: 2 });
    for (let length = 201; length < 221; length++) {
      const x = randn(1, 1, length) as Tensor;
      const whole = network.forward(x);
      stream.reset();
      const cut = length - 130;
      const pieces = [stream.push(x.narrow(2, 0, cut) as Tensor), stream.push(x.narrow(2, cut, 130) as Tensor)];
      expectSameBits(cat([...pieces, stream.flush()], 1) as Tensor, whole);
      const row = streams.open();
      const [first] = streams.push([row], [x]);
      expectSameBits(cat([first!, streams.flush(row)], 1) as Tensor, whole);
      streams.close(row);
    }
  }); // biome-ignore format: one per line

  test('what ends at a fixed point of the signal is refused', () => {
    const refusal = (compute: (x: Tensor) => Tensor) => () =>
      compile(of(compute).eval(), { input: rand(1, 1, 200) }).stream();
    expect(refusal((x) => x.narrow(-1, 0, 50) as Tensor)).toThrow('narrow counts from the end');
    expect(refusal((x) => functional.istft(functional.stft(x, 64, framing), 64, { ...framing, length: 150 }))).toThrow(
      'istft has a length that does not grow with its frames',
    );
    expect(refusal((x) => functional.pad(x, [0, lengthOf(x)]))).toThrow('pad pads by as much as the length says');
  });

  test(`${GRAPHS} random graphs, where they need no whole signals`, () => {
    let compared = 0;
    for (let i = 0; i < GRAPHS; i++) compared += checkStream(SEED + i);
    expect(compared).toBeGreaterThan(GRAPHS);
  });
});

test('a recurrent node that waits for its first input, and one that waits for its next', () => {
  expect(checkStream(100_925)).toBeGreaterThan(0);
});

describe('a stream of a network', () => {
  const net = () =>
    compile(
      new nn.Sequential(
        new nn.Conv1d(2, 4, 5, { padding: 2 }),
        new nn.ReLU(),
        new nn.Conv1d(4, 3, 3, { stride: 2 }),
      ).eval(),
      {
        input: rand(1, 2, 100),
      },
    );

  test('says how long it waits and what an output depends on', () => {
    const stream = net().stream();
    expect([stream.batch, stream.latency, stream.receptiveField, stream.hop]).toEqual([1, 5, 7, 2]);
  });

  test('writes into out, and gives it', () => {
    const network = net();
    const x = rand(1, 2, 33) as Tensor;
    const stream = network.stream();
    const out = zeros(stream.outShape(33)) as Tensor;
    expect(stream.push(x, { out })).toBe(out);
    const rest = zeros(stream.flushShape()) as Tensor;
    expect(stream.flush({ out: rest })).toBe(rest);
    expectSameBits(cat([out, rest], 2) as Tensor, network.forward(x));
  });

  test('goes on from a state that went through JSON', () => {
    const network = net();
    const x = rand(1, 2, 40) as Tensor;
    const stream = network.stream();
    const first = stream.push(x.narrow(2, 0, 17) as Tensor);
    const other = network.stream();
    other.setState(JSON.parse(JSON.stringify(stream.getState())));
    expectSameBits(
      cat([first, other.push(x.narrow(2, 17, 23) as Tensor), other.flush()], 2) as Tensor,
      network.forward(x),
    );
  });

  test('refuses a state of another network, and one that was cut', () => {
    const state = net().stream().getState();
    const other = compile(new nn.Conv1d(2, 4, 5).eval(), { input: rand(1, 2, 100) }).stream();
    expect(() => other.setState(state)).toThrow(/of another network/);
    expect(() =>
      net()
        .stream()
        .setState({ ...state, kept: 'AAAA' }),
    ).toThrow(/kept must be/);
    expect(() =>
      net()
        .stream()
        .setState({ ...state, computed: 3, received: 2 }),
    ).toThrow(/in order/);
    expect(() =>
      net()
        .stream()
        .setState({ ...state, more: 1 } as never),
    ).toThrow(/more/);
  });

  test('has rows that begin anew in causal networks', () => {
    const causal = compile(new nn.Sequential(new nn.Conv1d(1, 3, 4, { padding: 'causal' }), new nn.Tanh()).eval(), {
      input: rand(1, 1, 10),
    });
    const stream = causal.stream({ batch: 2 });
    stream.push(rand(2, 1, 9) as Tensor);
    stream.reset([1]);
    const x = rand(2, 1, 8) as Tensor;
    const y = stream.push(x);
    expectSameBits(y.narrow(0, 1, 1).clone() as Tensor, causal.forward(x.narrow(0, 1, 1) as Tensor));
    const centred = net().stream({ batch: 2 });
    centred.push(rand(2, 2, 9) as Tensor);
    expect(() => centred.reset([1])).toThrow(/in step/);
  });

  test('ends with flush, and refuses what comes behind', () => {
    const stream = net().stream();
    stream.push(rand(1, 2, 20) as Tensor);
    stream.flush();
    expect(() => stream.push(rand(1, 2, 1) as Tensor)).toThrow(/has ended/);
    expect(() => stream.flush()).toThrow(/has ended/);
    stream.reset();
    expect(stream.push(rand(1, 2, 20) as Tensor).shape).toEqual([1, 3, 8]);
  });

  test('throws at the end what forward throws for such a signal, and goes on', () => {
    const network = compile(new nn.Conv1d(1, 1, 5).eval(), { input: rand(1, 1, 10) });
    const stream = network.stream();
    stream.push(rand(1, 1, 3) as Tensor);
    expect(() => stream.flush()).toThrow(expect.objectContaining({ code: 'ERR_CONV1D_SHAPE' }));
    expect(stream.push(rand(1, 1, 3) as Tensor).shape).toEqual([1, 1, 2]);
  });

  test('pads by reflection once it knows what to reflect', () => {
    const network = compile(new nn.Conv1d(1, 1, 7, { padding: 3, paddingMode: 'reflect' }).eval(), {
      input: rand(1, 1, 20),
    });
    const stream = network.stream();
    expect(stream.latency).toBe(4);
    const x = rand(1, 1, 11) as Tensor;
    expectSameBits(inChunks(stream, x, 2, new Dice(1)), network.forward(x));
  });

  test('goes through the adapters', async () => {
    const network = net();
    const x = rand(1, 2, 30) as Tensor;
    const chunks = [x.narrow(2, 0, 10), x.narrow(2, 10, 1), x.narrow(2, 11, 19)] as Tensor[];
    const pieces: Tensor[] = [];
    for await (const y of network.stream().over(chunks)) pieces.push(y);
    expectSameBits(cat(pieces, 2) as Tensor, network.forward(x));
    const writer = network.stream().transform();
    const written = (async () => {
      const sink = writer.writable.getWriter();
      for (const chunk of chunks) await sink.write(chunk.at(0).clone().data as Float32Array<ArrayBuffer>);
      await sink.close();
    })();
    const read: Tensor[] = [];
    for await (const y of writer.readable) read.push(y);
    await written;
    expectSameBits(cat(read, 2) as Tensor, network.forward(x));
  });
});

describe('inputs that stay the same', () => {
  class Voice extends nn.Module {
    readonly conv = new nn.Conv1d(2, 3, 3, { padding: 1 });
    readonly speaker = new nn.Linear(5, 3);
    override forward(x: Tensor, speaker: Tensor): Tensor {
      return this.conv.forward(x).add(this.speaker.forward(speaker).unsqueeze(2)) as Tensor;
    }
  }
  const voice = () => compile(new Voice().eval(), { inputs: { x: rand(2, 2, 30), speaker: rand(2, 5) } });

  test('are those of each signal of a batch, or one for all', () => {
    const network = voice();
    const [x, speakers] = [randn(3, 2, 20), randn(3, 5)] as Tensor[] as [Tensor, Tensor];
    const run = (speaker: Tensor) => {
      const stream = network.stream({ batch: 3, fixed: { speaker } });
      return cat(
        [stream.push(x.narrow(2, 0, 7) as Tensor), stream.push(x.narrow(2, 7, 13) as Tensor), stream.flush()],
        2,
      );
    };
    expectSameBits(run(speakers) as Tensor, network.forward(x, speakers));
    const [first] = speakers.chunk(3, 0) as [Tensor];
    expectSameBits(run(first) as Tensor, network.forward(x, cat([first, first, first], 0) as Tensor));
  });

  test('are refused by name, kind and shape', () => {
    const network = voice();
    const streamed = (fixed: object) => () => network.stream({ batch: 3, fixed: fixed as never });
    expect(streamed({})).toThrow(/network.stream\(\): input 'speaker' does not go on/);
    expect(streamed({ speaker: rand(2, 5) })).toThrow(/shape \[3, 5\].*\[2, 5\]/);
    expect(streamed({ speaker: 5 })).toThrow(/must be a Tensor/);
    expect(streamed({ x: rand(3, 2, 5) })).toThrow(/no input 'x'/);
  });

  test('chunks by name give what a call by name gives', () => {
    const network = voice();
    const stream = network.stream({ fixed: { speaker: rand(1, 5) } });
    expect(stream.push({ x: rand(1, 2, 9) as Tensor }).shape).toEqual([1, 3, 8]);
  });
});

describe('a forward that fixes the batch', () => {
  class Fixed extends nn.Module {
    readonly conv = new nn.Conv1d(2, 3, 3, { padding: 1 });
    constructor(readonly batch: number) {
      super();
    }
    override forward(x: Tensor): Tensor {
      return this.conv.forward(x.reshape(this.batch, 2, x.shape[2]!) as Tensor);
    }
  }

  test.each([1, 4])('of %i streams multiples of it', (batch) => {
    const network = compile(new Fixed(batch).eval(), { input: rand(batch, 2, 30) });
    expect(network.stream().batch).toBe(batch);
    const x = randn(8, 2, 20) as Tensor;
    const parts = x.split(batch, 0) as Tensor[];
    const whole = cat(
      parts.map((part) => network.forward(part)),
      0,
    ) as Tensor;
    const stream = network.stream({ batch: 8 });
    const first = stream.push(x.narrow(2, 0, 3) as Tensor);
    const other = network.stream({ batch: 8 });
    other.setState(JSON.parse(JSON.stringify(stream.getState())));
    expectSameBits(cat([first, other.push(x.narrow(2, 3, 17) as Tensor), other.flush()], 2) as Tensor, whole);
  });

  test('refuses other batches', () => {
    const network = compile(new Fixed(4).eval(), { input: rand(4, 2, 30) });
    expect(() => network.stream({ batch: 3 })).toThrow(/batch must be 4, but got 3/);
    const single = compile(new nn.Conv1d(2, 3, 3).eval(), { input: rand(2, 30) });
    expect(() => single.stream({ batch: 2 })).toThrow(/batch must be 1, but got 2/);
  });
});

describe('what needs whole signals is refused, and the node is named', () => {
  const refused = (module: nn.Module, message: RegExp, shape: readonly number[] = [1, 4, 60]) =>
    expect(() => compile(module.eval(), { input: rand(shape) as Tensor }).stream()).toThrow(message);

  test('a norm over time', () => {
    refused(new nn.Sequential(new nn.Conv1d(4, 4, 3), new nn.GroupNorm(2, 4)), /group_norm.*whole signal.*BatchNorm1d/);
  });

  test('pooling over all', () => {
    refused(new nn.AdaptiveAvgPool1d(1), /whole signal.*AvgPool1d/);
  });

  test('an LSTM that runs backwards, and the state behind the last step of one that does not', () => {
    class Outputs extends nn.Module {
      readonly lstm = new nn.LSTM(4, 3, { bidirectional: true });
      override forward(x: Tensor): Tensor {
        return this.lstm.forward(x)[0];
      }
    }
    refused(new Outputs(), /backwards.*one direction/, [9, 1, 4]);
    refused(new nn.LSTM(4, 3), /state behind the last step/, [9, 1, 4]);
  });

  test("circular padding, and the algorithm 'fast'", () => {
    refused(new nn.Conv1d(4, 4, 3, { padding: 1, paddingMode: 'circular' }), /other end/);
    const fast = compile(new nn.Conv1d(64, 64, 11, { padding: 5 }).eval(), {
      input: rand(1, 64, 100),
      algorithm: 'fast',
    });
    expect(() => fast.stream()).toThrow(/'direct'/);
  });
});

describe('a network that works chunk by chunk', () => {
  const OPTIONS = { chunk: 512, context: 64, carry: { h: 'hn', c: 'cn' } } as const;
  const detector = () =>
    compile(new VoiceDetector().eval(), {
      inputs: { x: rand(1, 1, 576), h: rand(1, 1, 128), c: rand(1, 1, 128) },
      outputs: ['p', 'hn', 'cn'],
    });

  test('repeats forward, however the signal is cut', () => {
    const network = detector();
    const x = randn(1, 1, 512 * 5 + 100) as Tensor;
    const padded = cat([zeros(1, 1, 64), x, zeros(1, 1, 412)], 2);
    let [h, c] = [zeros(1, 1, 128), zeros(1, 1, 128)] as Tensor[];
    const expected: Tensor[] = [];
    for (let i = 0; i < 6; i++) {
      const { p, hn, cn } = network.forward({ x: padded.narrow(2, i * 512, 576) as Tensor, h: h!, c: c! });
      expected.push(p as Tensor);
      [h, c] = [hn as Tensor, cn as Tensor];
    }
    for (const most of [100, 512, 1500]) {
      expectSameBits(inChunks(network.stream(OPTIONS), x, most, new Dice(most)), cat(expected, 2) as Tensor);
    }
  });

  test('says which input or output there is not', () => {
    const network = detector();
    expect(() => network.stream({ ...OPTIONS, carry: { h: 'h' } })).toThrow(/no output 'h'/);
    expect(() => network.stream({ ...OPTIONS, carry: { k: 'hn' } })).toThrow(/no input 'k'/);
    expect(() => network.stream({ ...OPTIONS, carry: { h: 'p', c: 'cn' } })).toThrow(/cannot be carried on/);
    expect(() => network.stream({ chunk: 512, context: 64 })).toThrow(/'h' does not go on/);
    expect(() => network.stream({ carry: { h: 'hn' } })).toThrow(/chunk: 512/);
  });
});
