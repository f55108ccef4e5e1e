import { codeOf } from '../check/caught.ts';
import { isBytes } from '../check/typedArray.ts';
import { type Decoder, decodeBytes, decodeFile, type ReadRequest } from '../io/files.ts';
import { compileWith } from '../network/compile.ts';
import type { Network } from '../network/network.ts';
import { follow } from '../network/trace/tape.ts';
import type { Dtype } from '../tensor/dtype.ts';
import { zeros } from '../tensor/factories.ts';
import type { Meta } from '../tensor/operation.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { externalTensors, filesOf, givenData, readExternal } from './externalData.ts';
import type { ModelData } from './file/model.ts';
import { readModel } from './file/readModel.ts';
import { type External, readTensor } from './file/readTensor.ts';
import { Folding } from './folding.ts';
import { makeGraph } from './graph.ts';
import { examples, inputSpec, readDimensions } from './inputs.ts';
import { OnnxModule } from './module.ts';
import { onnxError } from './onnxError.ts';
import { chosenOutputs, type OnnxOptions, type OnnxSettings, readConstants, readOnnxOptions } from './options.ts';

/**
 * A network made of an ONNX model. If the option `outputs` names its outputs, TypeScript knows them; otherwise it assumes that calls without names
 * give one tensor.
 *
 * @typeParam Names  the names in `outputs`
 * @category Networks
 */
export type OnnxNetwork<Names extends readonly string[] = string[]> = Network<
  readonly Tensor<Dtype>[],
  OnnxResult<Names>,
  { readonly [name in Names[number]]: Tensor }
>;

/**
 * The result of calls without names: a tensor if there is one output, otherwise an array of them.
 *
 * @typeParam Names  the names in `outputs`
 * @category Networks
 */
export type OnnxResult<Names extends readonly string[]> = string[] extends Names
  ? Tensor
  : Names extends readonly [string]
    ? Tensor
    : { readonly [index in keyof Names]: Tensor };

/**
 * Loads an ONNX model as a network, with the same program, summary and calls as one of {@link compile}. Inputs and outputs have the names of the
 * file: you call it by name, `network.forward({ x }).y`, or give the inputs in their order. It reads operator sets 7 to 21; docs/onnx.md lists the
 * operators.
 *
 * Nothing in a file can run code. `loadOnnx` reads no other file than those of the model's external data, which must lie in the model's folder. It
 * refuses parts that are malformed or too large before it allocates memory for them.
 *
 * @param model    the path of a file, or its bytes
 * @param options  by default algorithm `'direct'`, no constants, and all outputs; `loadOnnx` then finds examples of sizes that may differ by trying
 * @returns        a network whose inputs have the dtypes and shapes of the file; a batch and a length to which the file gives names, or nothing,
 *                 may differ from call to call
 * @throws TypeError ERR_CONV1D_TYPE, ERR_CONV1D_OPTION  when an argument or option is of the wrong kind, or an option's name is unknown
 * @throws RangeError ERR_CONV1D_VALUE  when an option has a wrong value, or names an output that the model has not
 * @throws RangeError ERR_CONV1D_ONNX   when the file is malformed, too large, or has nodes that we do not compute; the message names all of them
 * @throws RangeError ERR_CONV1D_SHAPE  when the sizes of the model do not fit together
 * @throws RangeError ERR_CONV1D_MEMORY when loading computes more from constants than `limits` allows; calls throw it beyond `limits.callBytes`
 * @throws TypeError ERR_CONV1D_TRACE   when the model computes something else for other sizes
 * @throws Error ENOENT, EACCES         when Node cannot read the file: its own error
 * @example
 * const network = await loadOnnx('model.onnx');
 * network.forward(rand(1, 2, 100)).shape;   // [1, 3, 96]
 * const named = await loadOnnx('model.onnx', { outputs: ['y'] });
 * named.forward({ x: rand(4, 2, 50) }).y.shape;   // [4, 3, 46]
 * @category Networks
 */
export async function loadOnnx<const Names extends readonly string[] = string[]>(
  model: string | Uint8Array,
  options?: OnnxOptions<Names>,
): Promise<OnnxNetwork<Names>> {
  const settings = readOnnxOptions(options, 'loadOnnx');
  if (isBytes(model)) return parsed(model, settings);
  const { bytes } = settings.limits;
  const read = await decodeFile(decoder(settings), model);
  const external = externalTensors(read.data);
  const source = external.length === 0 ? givenData(null) : await readExternal(model, external, bytes - read.size);
  return load(read.data, source, settings) as unknown as OnnxNetwork<Names>;
}

/** @internal The files beside a model that have its external data; refuses those that {@link loadOnnx} refuses. */
export async function externalFiles(path: string): Promise<readonly string[]> {
  const { data } = await decodeFile(decoder(readOnnxOptions(undefined, 'loadOnnx')), path);
  return filesOf(path, externalTensors(data));
}

/**
 * Makes a network of the bytes of an ONNX model, as {@link loadOnnx} does, but synchronously. It reads no file.
 *
 * @param bytes    a whole file
 * @param options  as for {@link loadOnnx}; if the model has external data, give them as `externalData`
 * @returns        the network, as of {@link loadOnnx}
 * @throws         the errors of {@link loadOnnx}, except those of Node
 * @example
 * const network = parseOnnx(await readFile('model.onnx'));
 * network.forward(rand(1, 2, 100)).shape;   // [1, 3, 96]
 * @category Networks
 */
export function parseOnnx<const Names extends readonly string[] = string[]>(
  bytes: Uint8Array,
  options?: OnnxOptions<Names>,
): OnnxNetwork<Names> {
  return parsed(bytes, readOnnxOptions(options, 'parseOnnx'));
}

function parsed<Names extends readonly string[]>(bytes: Uint8Array, settings: OnnxSettings): OnnxNetwork<Names> {
  const { data } = decodeBytes(decoder(settings), bytes, 'the model');
  return load(data, givenData(settings.externalData), settings) as unknown as OnnxNetwork<Names>;
}

interface Read {
  readonly data: ModelData;
  readonly size: number;
}

/** Reads a file as a whole: a copy, since the caller may write to its bytes. */
function decoder({ limits }: OnnxSettings): Decoder<Read> {
  return function* read(source: string, size: number): Generator<ReadRequest, Read, void> {
    if (size > limits.bytes)
      throw onnxError(`${source} has ${size} bytes; the option limits.bytes allows more than ${limits.bytes}`);
    if (size > MOST_BYTES) throw onnxError(`${source} has ${size} bytes, and a protocol buffer at most ${MOST_BYTES}`);
    const target = new Uint8Array(size);
    yield { target, position: 0 };
    return { data: readModel(target, limits.nodes), size };
  };
}

/** The most that a protocol buffer may have. */
const MOST_BYTES = 2 ** 31 - 1;

function load(data: ModelData, external: External, settings: OnnxSettings): Network<never, unknown> {
  if (!data.opsets.has('') && data.graph.nodes.some(({ domain }) => domain === '')) {
    throw onnxError('the model does not say of which operator set it is');
  }
  for (const { opsets } of [data, ...data.functions]) requireOpset(opsets.get(''));
  const graph = makeGraph(data, settings.limits.nodes);
  const defaults = new Set(graph.initializers.map(({ name }) => name));
  const specs = graph.inputs.filter(({ name }) => !defaults.has(name)).map(inputSpec);
  if (new Set(specs.map(({ name }) => name)).size !== specs.length) throw onnxError('two inputs have the same name');
  const constants = readConstants(settings.constants, specs);
  const inputs = specs.filter(({ name }) => !constants.has(name));
  const known = graph.outputs.map(({ name }) => name);
  if (known.length === 0) throw onnxError('the model has no output');
  if (new Set(known).size !== known.length) throw onnxError('two outputs have the same name');
  const outputs = chosenOutputs(settings.outputs, known);
  const folding = new Folding(settings.limits);
  const module = new OnnxModule({
    graph,
    inputs,
    outputs,
    constants,
    read: (tensor) => readTensor(tensor, external),
    folding,
  }).eval();
  const metas = findExample(module, [...examples(inputs, readDimensions(settings.dimensions, inputs))]);
  const network = compileWith(module, {
    inputs: metas.map(({ dtype, shape }) => zeros(...shape, { dtype })),
    inputNames: inputs.map(({ name }) => name),
    outputNames: outputs,
    shapes: inputs.map(({ shape }) => shape),
    algorithm: settings.algorithm,
    maxWeightBytes: settings.maxWeightBytes,
    maxWorkingBytes: settings.maxWorkingBytes,
    maxCallBytes: settings.limits.callBytes,
  });
  folding.end();
  return network;
}

/**
 * The newest operator set of ONNX that we read: a later one may give the same names another meaning. A file of a set before 7 means what later files
 * mean, if its nodes have no attribute that a later set dropped; ONNX's own tests have such files.
 */
const NEWEST_OPSET = 21;

function requireOpset(opset = NEWEST_OPSET): void {
  if (opset <= NEWEST_OPSET) return;
  throw onnxError(
    `the model is of operator set ${opset}, and those up to ${NEWEST_OPSET} are read: export it for one of them`,
  );
}

/** The first of some inputs that the model takes. */
function findExample(module: OnnxModule, all: readonly Meta[][]): readonly Meta[] {
  let first: unknown;
  for (const metas of all) {
    try {
      follow(
        module,
        metas.map(() => 'leaf' as const),
        metas,
      );
      return metas;
    } catch (error) {
      // Another size is of no help where an operator is missing.
      if (all.length === 1 || codeOf(error) === 'ERR_CONV1D_TRACE') throw error;
      first ??= error;
    }
  }
  const error = first as Error;
  error.message += `; where the model needs certain sizes, the option dimensions names some: { dimensions: { time: 16000 } }`;
  throw error;
}
