import { rangeError, typeError } from '../check/errors.ts';
import { describe, isArray } from '../check/validate.ts';
import { InFlight } from '../native/inFlight.ts';
import { getNumThreads } from '../native/runtime.ts';
import type { Module } from '../nn/module.ts';
import type { StateDict } from '../nn/stateDict.ts';
import type { Meta } from '../tensor/operation.ts';
import { readSizes } from '../tensor/sizes.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { View } from '../tensor/view.ts';
import { type Built, build, graphsOf } from './build.ts';
import { isByName, readInputs, type Signature, splitOptions } from './calls/arguments.ts';
import { namesOf, type Returns, resultOf } from './calls/results.ts';
import { copyOfState } from './calls/state.ts';
import type { NamedTensors } from './named.ts';
import { type CompileSettings, type NetworkAsyncOptions, readSignal } from './options.ts';
import { type Profile, profileOf } from './report/profile.ts';
import { type Summary, summaryOf } from './report/summary.ts';
import { describeValues, type NetworkValue } from './report/values.ts';
import type { Ready } from './run/ready.ts';
import { Running } from './running.ts';
import { type Listed, type NetworkHandle, type NetworkTraits, open, share } from './share/handle.ts';
import { makeRowsParts, makeStreamParts, type StreamedNetwork } from './stream/make.ts';
import { makeNetworkStream, type NetworkStream } from './stream/networkStream.ts';
import { makeNetworkStreams, type NetworkStreams } from './stream/networkStreams.ts';
import {
  type NetworkStreamOptions,
  type NetworkStreamsOptions,
  readStreamOptions,
  readStreamsOptions,
} from './stream/options.ts';
import { type Form, isSameForm, leafNames } from './trace/tree.ts';

const inspect = Symbol.for('nodejs.util.inspect.custom');

/** The first argument of Network's constructor: only this module has it. */
const MADE = Symbol('made');

/**
 * A whole network as one native program, made by {@link compile}. It takes any batch, and any length for which the module's forward calls the
 * same operations. The first call with new shapes plans memory for them; the network keeps the plans of 16 shapes. It computes batch items one by
 * one, or a few at a time, unless the network mixes them. The bits depend neither on that nor on the number of threads.
 *
 * @typeParam Inputs  the arguments of the module's forward
 * @typeParam Result  the result of the module's forward
 * @typeParam Named   the result of calls by name
 * @example
 * const network = compile(new nn.Sequential(new nn.Conv1d(2, 3, 5), new nn.ReLU()).eval(), { input: rand(1, 2, 100) });
 * network.forward(rand(4, 2, 77)).shape;   // [4, 3, 73]
 * @category Networks
 */
export class Network<Inputs extends readonly unknown[] = readonly Tensor[], Result = Tensor, Named = Result> {
  /** Null for a network that was opened or loaded. */
  readonly #module: Module | null;
  readonly #name: string;
  readonly #settings: CompileSettings;
  readonly #signature: Signature;
  readonly #returns: Returns;
  readonly #inFlight = new InFlight();
  /** Null after dispose(). */
  #live: Running | null;
  /** The name under which other threads find it; null before share(). */
  #listed: Listed | null = null;

  /** @internal Use {@link compile}. */
  constructor(
    made: typeof MADE,
    module: Module | null,
    name: string,
    settings: CompileSettings,
    forms: readonly Form[],
    built: Built,
  ) {
    if (made !== MADE) {
      throw typeError('ERR_CONV1D_TYPE', 'Network is not to be constructed; make one with compile(module, { input })');
    }
    this.#module = module;
    this.#name = name;
    this.#settings = settings;
    const { inputNames, outputNames } = settings;
    this.#signature = { forms, names: inputNames, metas: built.metas };
    this.#returns = { form: built.outputForm, names: outputNames };
    this.#live = new Running(built, settings);
    const outputs = leafNames(built.outputForm, '').length;
    if (outputNames !== null && outputNames.length !== outputs) {
      throw rangeError(
        'ERR_CONV1D_VALUE',
        `compile(): outputs has ${outputNames.length === 1 ? '1 name' : `${outputNames.length} names`}, but the forward returns ${outputs === 1 ? '1 tensor' : `${outputs} tensors`}`,
      );
    }
  }

  /** @internal Its parts, for files. */
  static partsOf(network: unknown, what: string): { readonly traits: NetworkTraits; readonly built: Built } {
    if (!Network.isNetwork(network)) {
      throw typeError(
        'ERR_CONV1D_TYPE',
        `${what} needs a network, as compile() makes one, but got ${describe(network)}`,
      );
    }
    const { built } = network.#running();
    return { traits: { name: network.#name, settings: network.#settings, forms: network.#signature.forms }, built };
  }

  /** Whether a value is a network of this library; an object that only inherits from its prototype is not. */
  static isNetwork(value: unknown): value is Network<never, unknown> {
    return typeof value === 'object' && value !== null && #module in value;
  }

  /**
   * Makes a network of a handle of {@link share}, in another thread of the process or in the same one. Both networks read the same packed weights,
   * without a copy, and each plans for the shapes of its own calls. The new one lives on when the other one is gone. It has no module, so
   * its {@link update} throws.
   *
   * @param handle  what `share` returned
   * @throws TypeError ERR_CONV1D_TYPE    when the value is not a handle
   * @throws RangeError ERR_CONV1D_VALUE  when the handle is of another process, or no thread has its network any more
   * @throws RangeError ERR_CONV1D_MEMORY when there is no memory
   * @example
   * const opened = Network.open(structuredClone(network.share()));
   * opened.forward(rand(4, 2, 6)).shape;   // [4, 3, 2]
   */
  static open<Inputs extends readonly unknown[] = readonly Tensor[], Result = Tensor, Named = Result>(
    handle: NetworkHandle,
  ): Network<Inputs, Result, Named> {
    const { traits, built, listed } = open(handle);
    const network = new Network<Inputs, Result, Named>(MADE, null, traits.name, traits.settings, traits.forms, built);
    network.#listed = listed;
    return network;
  }

  /**
   * A handle for other threads of the process. Send it by `postMessage`, `workerData` or `structuredClone`; there {@link Network.open}
   * makes a network of it, without a copy of the weights. A handle is only a name and keeps nothing alive: hold this network until somebody has
   * opened the handle. It stands for the present weights; after `update` or `dispose` it is void, unless somebody has opened it.
   *
   * @throws TypeError ERR_CONV1D_TYPE     when the network was disposed of
   * @throws RangeError ERR_CONV1D_MEMORY  when there is no memory
   * @example
   * const handle = network.share();   // new Worker(file, { workerData: handle })
   * Network.open(handle).forward(rand(1, 2, 30)).shape;   // [1, 3, 26]
   */
  share(): NetworkHandle {
    const { built } = requireNetwork(this, 'share').#running();
    this.#listed ??= share({ name: this.#name, settings: this.#settings, forms: this.#signature.forms }, built);
    return { conv1dNetwork: this.#listed.id };
  }

  /** Takes it off the list. */
  #unlist(): void {
    this.#listed?.network.release();
    this.#listed = null;
  }

  /**
   * Computes what the module's forward computes, synchronously, on all threads that `setNumThreads` allows.
   *
   * @param inputs  the arguments of the module's forward
   * @returns       what the module's forward returns
   * @throws TypeError ERR_CONV1D_TYPE      when an input is of the wrong kind or missing, or the network was disposed of
   * @throws TypeError ERR_CONV1D_DTYPE     when an input has another dtype than at `compile`
   * @throws RangeError ERR_CONV1D_SHAPE    when a shape does not fit; the message is that of the layer, or lists the allowed sizes
   * @throws RangeError ERR_CONV1D_MEMORY   when there is no memory for results or intermediate values
   * @throws TypeError ERR_CONV1D_DETACHED  when the memory of an input was transferred to another thread
   * @example
   * network.forward(rand(4, 2, 77)).shape;   // [4, 3, 73]
   */
  forward(...inputs: Inputs): Result;
  /**
   * The same by name, if `inputs` of {@link compile} has names.
   *
   * @param named  an object with a tensor for each input
   * @returns      an object with the outputs under the names in `outputs`
   * @throws TypeError ERR_CONV1D_OPTION  when there is no input of that name
   * @throws                              the errors of a call without names
   * @example
   * const lstm = compile(new nn.LSTM(3, 4).eval(), { inputs: { x: rand(5, 1, 3) }, outputs: ['y', 'h', 'c'] });
   * const { y, h } = lstm.forward({ x: rand(9, 2, 3) });   // y.shape is [9, 2, 4]
   * h.shape;                                               // [1, 2, 4]
   */
  forward(named: NamedTensors): Named;
  forward(...inputs: readonly unknown[]): Result | Named {
    const { ready, views, isNamed } = requireNetwork(this, 'forward').#checked(inputs);
    return resultOf(this.#returns, ready.run(views), ready.outputs, isNamed) as Result | Named;
  }

  /**
   * The same on a background thread, with the same bits, while the event loop stays free. The call copies the inputs before it returns. Several
   * calls may be under way: a call that is alone uses all threads, calls side by side have one each.
   *
   * @param inputs  those of `forward`, then the options, if any
   * @returns       a promise of the result of `forward`; it rejects with the errors of `forward`, or with an AbortError whose `cause` is the signal's reason
   * @throws TypeError ERR_CONV1D_OPTION  when an option's name is unknown
   * @example
   * const y = await network.forwardAsync(x, { signal: AbortSignal.timeout(1000) });
   */
  forwardAsync(...inputs: readonly [...Inputs, options?: NetworkAsyncOptions]): Promise<Result>;
  /**
   * The same by names.
   *
   * @param named    an object with a tensor for each input
   * @param options  a signal
   * @returns        a promise of an object with the outputs under the names in `outputs`; it rejects as that of a call without names
   * @example
   * const lstm = compile(new nn.LSTM(3, 4).eval(), { inputs: { x: rand(5, 1, 3) }, outputs: ['y', 'h', 'c'] });
   * const { c } = await lstm.forwardAsync({ x: rand(9, 2, 3) }, { signal: AbortSignal.timeout(1000) });
   */
  forwardAsync(named: NamedTensors, options?: NetworkAsyncOptions): Promise<Named>;
  async forwardAsync(...inputs: readonly unknown[]): Promise<Result | Named> {
    requireNetwork(this, 'forwardAsync');
    const { inputs: given, options } = splitOptions(this.#signature, inputs);
    const signal = readSignal(options);
    return this.#inFlight.track(this.#run(given, signal));
  }

  async #run(inputs: readonly unknown[], signal: AbortSignal | undefined): Promise<Result | Named> {
    const { ready, views, isNamed } = this.#checked(inputs);
    const outputs = await ready.runAsync(views, signal);
    return resultOf(this.#returns, outputs, ready.outputs, isNamed) as Result | Named;
  }

  /**
   * The network's inputs in their order: their names, dtypes and shapes.
   *
   * @throws TypeError ERR_CONV1D_TYPE  when the network was disposed of
   * @example
   * network.inputs;   // [{ name: 'input0', dtype: 'float32', shape: ['N', 2, 'L'] }]
   */
  get inputs(): readonly NetworkValue[] {
    return describeValues(requireNetwork(this, 'inputs').#running().built, this.#settings).inputs;
  }

  /**
   * The network's outputs in their order: their names, dtypes and shapes.
   *
   * @throws TypeError ERR_CONV1D_TYPE  when the network was disposed of
   * @example
   * network.outputs;   // [{ name: 'output0', dtype: 'float32', shape: ['N', 3, 'L - 4'] }]
   */
  get outputs(): readonly NetworkValue[] {
    return describeValues(requireNetwork(this, 'outputs').#running().built, this.#settings).outputs;
  }

  /** How many calls on background threads are under way. */
  get pending(): number {
    return requireNetwork(this, 'pending').#inFlight.count;
  }

  /** Resolves when no call on background threads is under way and every `then` on their promises has run. */
  async idle(): Promise<void> {
    await requireNetwork(this, 'idle').#inFlight.idle();
  }

  /**
   * Takes new weights, by the names of the module's state dict. Calls that are under way finish with the old ones. The module keeps its own. The
   * network follows the module's forward again, so this takes as long as `compile`.
   *
   * @param stateDict  as for `loadStateDict`: all names of the module's state dict, with the same shapes
   * @throws TypeError ERR_CONV1D_TYPE         when the value is not a state dict, a module is in training mode, or the network was disposed of
   * @throws RangeError ERR_CONV1D_STATE_DICT  with PyTorch's list of what does not fit; the network is then as before
   * @throws TypeError ERR_CONV1D_TYPE         when the network was opened from a handle or loaded from a file: update the compiled one, and
   *                                           share or save it again
   * @example
   * const trained = new nn.Conv1d(2, 3, 5);
   * const network = compile(new nn.Conv1d(2, 3, 5).eval(), { input: rand(1, 2, 100) });
   * network.update(trained.stateDict());
   */
  update(stateDict: StateDict): void {
    requireNetwork(this, 'update').#running();
    const module = this.#module;
    if (module === null) {
      throw typeError(
        'ERR_CONV1D_TYPE',
        'update(): this network was opened from a handle or loaded from a file and has no module; update the one that was compiled, and share or save it again',
      );
    }
    const before = copyOfState(module.stateDict());
    try {
      module.loadStateDict(stateDict);
      const { forms, metas } = this.#signature;
      const built = build(module, forms, metas, this.#settings);
      if (!isSameForm(built.outputForm, this.#returns.form)) {
        throw typeError(
          'ERR_CONV1D_TRACE',
          'update(): the forward returns something else than at compile(); compile it again',
        );
      }
      this.#running(); // the forward that was followed may have disposed of it
      this.#live = new Running(built, this.#settings);
      this.#unlist();
    } finally {
      module.loadStateDict(before);
    }
  }

  /**
   * The steps in which the network computes, what it fused into each, and how much memory it takes. It does not run the network.
   *
   * @param shapes  one per input. Default: those at `compile`
   * @returns       as text, a table
   * @throws TypeError ERR_CONV1D_TYPE    when they are not shapes, or not as many as inputs
   * @throws RangeError ERR_CONV1D_SHAPE  when the network does not take them
   * @example
   * console.log(network.summary([1, 2, 16000]));
   */
  summary(...shapes: readonly (readonly number[])[]): Summary {
    return summaryOf(requireNetwork(this, 'summary').#readyFor(shapes));
  }

  /**
   * Runs the network for half a second, at least three times, and measures how long each step takes on the threads in use.
   *
   * @param inputs  as of `forward`
   * @returns       as text, a table with bars
   * @throws        the errors of `forward`
   * @example
   * console.log(network.profile(rand(1, 2, 16000)));
   */
  profile(...inputs: Inputs | readonly [NamedTensors]): Profile {
    const { ready, views } = requireNetwork(this, 'profile').#checked(inputs);
    return profileOf(ready, views, getNumThreads());
  }

  /**
   * A stream over this network: it takes chunks of any length, and gives what is ready. The outputs of all pushes and of the flush, joined, equal those
   * of `forward` on all chunks, joined, bit for bit. The memory that a stream keeps does not grow with the signal.
   *
   * If the network itself works chunk by chunk, and takes and returns its own state, give `chunk`: the stream then repeats `forward` on chunks
   * of that length, however you cut the signal.
   *
   * @param options  `batch`, the number of signals side by side, by default 1; `fixed`, inputs that stay the same; `chunk`, `context` and `carry`
   * @throws TypeError ERR_CONV1D_TYPE    when an option is of the wrong kind, `fixed` lacks an input, or the network was disposed of
   * @throws TypeError ERR_CONV1D_OPTION  when an option's name, or that of an input or output in one, is unknown
   * @throws RangeError ERR_CONV1D_VALUE  when a node needs the whole signal (the message names it), or the network was compiled with
   *                                      `algorithm: 'fast'`
   * @throws RangeError ERR_CONV1D_SHAPE  when the network does not take chunks of that length, or a carried output has another shape than its input
   * @example
   * const stream = network.stream();
   * stream.push(rand(1, 2, 7)).shape;   // [1, 3, 3]
   * @example
   * class Level extends nn.Module {
   *   override forward(x: Tensor, level: Tensor): [Tensor, Tensor] {
   *     const next = x.abs().mean([2], { keepdim: true }).mul(0.5).add(level.mul(0.5));
   *     return [next.sqrt(), next];
   *   }
   * }
   * const inputs = { x: rand(1, 1, 160), level: zeros(1, 1, 1) };
   * const meter = compile(new Level().eval(), { inputs, outputs: ['loudness', 'next'] });
   * const levels = meter.stream({ chunk: 160, carry: { level: 'next' } });
   * levels.push(rand(1, 1, 400)).shape;   // [1, 1, 2]
   */
  stream(options?: NetworkStreamOptions & { readonly chunk?: undefined }): NetworkStream<Result, Named>;
  stream<Output = Tensor>(options: NetworkStreamOptions): NetworkStream<Output>;
  stream(options?: NetworkStreamOptions): NetworkStream<unknown, unknown> {
    return makeNetworkStream(makeStreamParts(requireNetwork(this, 'stream').#streamed(), readStreamOptions(options)));
  }

  /**
   * Many streams of this network that open and close at any time, each with its own state. A push runs those that have data as one batch.
   *
   * @param options  `capacity`, how many may be open at a time; the others are those of {@link stream}
   * @throws         the errors of {@link stream}
   * @example
   * const streams = network.streams({ capacity: 1000 });
   * const row = streams.open();
   * const [y] = streams.push([row], [rand(1, 2, 160)]);
   * streams.close(row);
   */
  streams(options: NetworkStreamsOptions & { readonly chunk?: undefined }): NetworkStreams<Result>;
  streams<Output = Tensor>(options: NetworkStreamsOptions): NetworkStreams<Output>;
  streams(options: NetworkStreamsOptions): NetworkStreams<unknown> {
    const streamed = requireNetwork(this, 'streams').#streamed();
    const { capacity, settings } = readStreamsOptions(options);
    return makeNetworkStreams(makeRowsParts(streamed, settings, capacity));
  }

  #streamed(): StreamedNetwork {
    const running = this.#running();
    const { names, metas } = this.#signature;
    return {
      built: running.built,
      maxCallBytes: this.#settings.maxCallBytes,
      inputNames: names ?? metas.map((_, i) => `input${i}`),
      outputNames: namesOf(this.#returns),
      areOutputsNamed: this.#returns.names !== null,
      require: (given) => running.require(given),
      ready: (given) => running.planOf(given),
    };
  }

  #readyFor(shapes: readonly (readonly number[])[]): Ready {
    const { metas } = this.#signature;
    if (shapes.length === 0) return this.#running().readyOf(metas);
    if (shapes.length !== metas.length) {
      throw typeError(
        'ERR_CONV1D_TYPE',
        `network.summary(): expected ${metas.length} shapes, but got ${shapes.length}`,
      );
    }
    const given = shapes.map((shape, i): Meta => {
      if (!isArray(shape)) {
        throw typeError('ERR_CONV1D_TYPE', `network.summary(): a shape is an array, but got ${describe(shape)}`);
      }
      return { dtype: metas[i]!.dtype, shape: Object.freeze(readSizes(shape, 'network.summary')) };
    });
    return this.#running().readyOf(given);
  }

  /**
   * Ends the network: later calls throw ERR_CONV1D_TYPE, those that are under way end as they would. Its plans and packed weights are the
   * garbage collector's then. `using network = compile(...)` does it at the end of the block.
   *
   * @example
   * const network = compile(new nn.Conv1d(2, 3, 5).eval(), { input: rand(1, 2, 100) });
   * network.dispose();
   * network.forward(rand(1, 2, 100));   // ERR_CONV1D_TYPE
   */
  dispose(): void {
    requireNetwork(this, 'dispose').#live = null;
    this.#unlist();
  }

  /** What `using` calls: {@link dispose}. */
  [Symbol.dispose](): void {
    requireNetwork(this, 'dispose').dispose();
  }

  /** @internal What console.log prints. */
  [inspect](): string {
    requireNetwork(this, 'inspect');
    if (this.#live === null) return `Network(${this.#name}, disposed of)`;
    return `Network(${this.#name}, ${graphsOf(this.#live.built).flatMap(({ nodes }) => nodes).length} nodes)`;
  }

  #running(): Running {
    if (this.#live !== null) return this.#live;
    throw typeError('ERR_CONV1D_TYPE', 'the network was disposed of; compile() makes another one');
  }

  #checked(given: readonly unknown[]): { ready: Ready; views: readonly View[]; isNamed: boolean } {
    const running = this.#running();
    const views = readInputs(this.#signature, given);
    return { ready: running.readyOf(views), views, isNamed: isByName(this.#signature, given) };
  }
}

/** @internal For compile.ts. */
export function makeNetwork(
  module: Module,
  settings: CompileSettings,
  forms: readonly Form[],
  metas: readonly Meta[],
): Network<never, unknown> {
  const built = build(module, forms, metas, settings);
  return new Network(MADE, module, module.constructor.name, settings, forms, built) as Network<never, unknown>;
}

/** @internal For file/networkFile.ts: a network without a module. */
export function networkOf({ name, settings, forms }: NetworkTraits, built: Built): Network<never, unknown> {
  return new Network(MADE, null, name, settings, forms, built) as Network<never, unknown>;
}

function requireNetwork<I extends readonly unknown[], R, N>(self: Network<I, R, N>, member: string): Network<I, R, N> {
  if (Network.isNetwork(self)) return self;
  throw typeError('ERR_CONV1D_TYPE', `${member} must be called on a Network: network.${member}`);
}
