import { performance } from 'node:perf_hooks';
import { rangeError } from '../../check/errors.ts';
import type { Algorithm } from '../../convolution/algorithm.ts';
import { graphsOf } from '../../network/build.ts';
import { Network } from '../../network/network.ts';
import { layerOf } from '../../network/passes/layers.ts';
import { type Port, portsOf } from '../../network/report/ports.ts';
import { type Form, putTogether, takeApart } from '../../network/trace/tree.ts';
import { type Dtype, isFloatDtype } from '../../tensor/dtype.ts';
import { formatShape } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { loadNetworkFile } from '../networkFile.ts';
import type { Engine, EngineRun, EngineRunOptions, NamedInputs, SignalInput } from './engine.ts';
import { measured } from './measure.ts';
import { parseSampleRate, readMetadata } from './parameters.ts';

/** What may be said of a network beside its file. */
export interface NetworkOptions {
  /** In place of the one that the file says. */
  readonly algorithm?: Algorithm | undefined;
  readonly sampleRate?: number | undefined;
}

/**
 * Makes of a network file what files go through. A network of one tensor (N, C, L), (C, L), (N, L) or (L) takes recordings and arrays; one
 * of several takes them by their names.
 *
 * @throws RangeError ERR_CONV1D_FORMAT  when the file or its metadata cannot be read
 */
export async function loadNetworkEngine(path: string, { algorithm, sampleRate }: NetworkOptions): Promise<Engine> {
  const { network, metadata, digest } = await loadNetworkFile(path, algorithm);
  const { traits, built } = Network.partsOf(network, 'conv1d run');
  const { inputs, outputs } = portsOf(traits, built);
  const call = new NetworkCall(network as unknown as AnyNetwork, traits.forms, inputs, outputs);
  const [{ dtype: first }] = inputs as [Port];
  // Indices are read exactly, and converted.
  const dtype = isFloatDtype(first) ? first : 'float64';
  const nodes = graphsOf(built).flatMap((graph) => graph.nodes);
  const taken = nodes.some((node) => layerOf(node)?.parameters.algorithm === 'fast') ? 'fast' : 'direct';
  const rate = sampleRate ?? readMetadata(metadata, parseSampleRate, 'sample_rate', 'sampleRate');
  return {
    input: inputOf(inputs),
    outputs: outputs.map(({ name }) => name),
    dtype,
    sampleRate: rate,
    outputRate: readMetadata(metadata, parseSampleRate, 'output_sample_rate', 'outputSampleRate') ?? rate,
    algorithm: taken,
    complexPairs: false,
    growth: total(outputs) / Math.max(1, total(inputs)),
    identity: () => ({ described: { network: digest, algorithm, sampleRate: rate }, bytes: [] }),
    stepTimes: (recorded, [x], [y]) => {
      // A network does not say what its steps stand for: they share the signal evenly.
      const hop = (x!.shape.at(-1) ?? 1) / Math.max(1, y!.shape.at(-1) ?? 1);
      return { sampleRate: recorded, hop, center: (hop - 1) / 2 };
    },
    run: async (given, options) => ({ ...(await call.run(given, options)), algorithm: taken }),
  };
}

function total(ports: readonly Port[]): number {
  return ports.reduce((sum, { shape }) => sum + shape.reduce((product, size) => product * size, 1), 0);
}

const MOST_SIGNAL_DIMENSIONS = 3;

function inputOf(inputs: readonly Port[]): SignalInput | NamedInputs {
  const [port] = inputs as [Port];
  if (inputs.length > 1 || port.shape.length > MOST_SIGNAL_DIMENSIONS) {
    return { kind: 'named', names: inputs.map(({ name }) => name), dtypes: inputs.map(({ dtype }) => dtype) };
  }
  const { shape, length } = port;
  const takesVectors = shape.length - (hasBatch(port) ? 1 : 0) === 1;
  const isSignal = length === null || length === shape.length - 1;
  return { kind: 'signal', channels: !isSignal ? null : takesVectors ? 1 : shape.at(-2)!, takesVectors };
}

/** Whether the first dimension counts batch items. */
function hasBatch({ batch, shape }: Port): boolean {
  return batch === 0 || (batch === null && shape.length === MOST_SIGNAL_DIMENSIONS && shape[0] === 1);
}

type AnyNetwork = Network<readonly unknown[], unknown, unknown>;

/** Calls a network with tensors in the order of its inputs. */
class NetworkCall {
  readonly #network: AnyNetwork;
  readonly #forms: readonly Form[];
  readonly #inputs: readonly Port[];
  readonly #outputs: readonly Port[];

  constructor(network: AnyNetwork, forms: readonly Form[], inputs: readonly Port[], outputs: readonly Port[]) {
    this.#network = network;
    this.#forms = forms;
    this.#inputs = inputs;
    this.#outputs = outputs;
  }

  async run(given: readonly Tensor<Dtype>[], options: EngineRunOptions): Promise<Omit<EngineRun, 'algorithm'>> {
    const fitted = given.map((tensor, i) => fittedTo(tensor.to(this.#inputs[i]!.dtype) as Tensor, this.#inputs[i]!));
    const tensors = fitted.map(({ tensor }) => tensor);
    const leaves = tensors.values();
    const args = this.#forms.map((form) => putTogether(form, leaves));
    const { result, milliseconds } = options.measure
      ? measured(
          () => this.#network.forward(...args),
          () => this.#network.forward(...args),
        )
      : await this.#elsewhere(args, options.signal);
    const found: Tensor<Dtype>[] = [];
    takeApart(result, 'what the network returns', found);
    const isSingle = fitted.length === 1 && fitted[0]!.isSingle;
    return {
      outputs: found.map((tensor, i) =>
        isSingle ? withoutBatch(tensor as Tensor, this.#outputs[i]!) : (tensor as Tensor),
      ),
      milliseconds,
      operations: this.#network.summary(...tensors.map(({ shape }) => shape)).flops,
    };
  }

  async #elsewhere(args: readonly unknown[], signal: AbortSignal | undefined) {
    const start = performance.now();
    const result = await this.#network.forwardAsync(...args, { signal });
    return { result, milliseconds: performance.now() - start };
  }
}

/** A tensor with the dimension of the batch, where the network wants one and a single signal came. */
function fittedTo(tensor: Tensor, port: Port): { tensor: Tensor; isSingle: boolean } {
  const { ndim, shape } = tensor;
  const wanted = port.shape.length;
  if (ndim === wanted) return { tensor, isSingle: false };
  if (ndim === wanted - 1 && hasBatch(port)) return { tensor: tensor.unsqueeze(0) as Tensor, isSingle: true };
  // A recording of one channel.
  if (wanted === 1 && ndim === 2 && shape[0] === 1) return { tensor: tensor.at(0) as Tensor, isSingle: false };
  const single = hasBatch(port) ? ` or (${port.sizes.slice(1).join(', ')})` : '';
  throw rangeError(
    'ERR_CONV1D_SHAPE',
    `has ${port.name} of shape ${formatShape(shape)}, but the network takes (${port.sizes.join(', ')})${single}`,
  );
}

/** A result of a single signal. */
function withoutBatch(tensor: Tensor, port: Port): Tensor {
  return hasBatch(port) && tensor.ndim > 1 ? (tensor.at(0) as Tensor) : tensor;
}
