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
import { externalTensors, givenData, readExternal } from './externalData.ts';
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
 * A network of an ONNX model. TypeScript knows its outputs where the option `outputs` names them; else it takes calls without names to give one tensor.
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
 * What calls without names give: the one output, or an array of several.
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
 * Loads an ONNX model as a network: the same program, summary and calls as of {@link compile}. Inputs and outputs have the names of the file;
 * calls go by name, `network.forward({ x }).y`, or give the inputs in their order. Operator sets 7 to 21 are read; docs/onnx.md lists the
 * operators.
 *
 * Nothing in a file can run code, and no other file is read than those of its external data, which lie in its own folder. What is malformed
 * or too large is refused before memory is allocated for it.
 *
 * @param model    the path of a file, or its bytes
 * @param options  algorithm `'direct'`, no constants, all outputs by default; sizes that may differ are found by trying
 * @returns        its sizes may differ where the file gives them names
 * @throws TypeError ERR_CONV1D_TYPE, ERR_CONV1D_OPTION  when an argument or option is of the wrong kind, or its name unknown
 * @throws RangeError ERR_CONV1D_VALUE  when an option has no such value
 * @throws RangeError ERR_CONV1D_ONNX   when the file is malformed, too large, or has nodes that are not computed: all are named
 * @throws RangeError ERR_CONV1D_SHAPE  when the sizes of the model do not fit together
 * @throws RangeError ERR_CONV1D_MEMORY when its constants come to more than `limits` allows; calls throw it beyond `limits.callBytes`
 * @throws TypeError ERR_CONV1D_TRACE   when the model takes another course for other sizes
 * @throws Error ENOENT, EACCES         when the file cannot be read: Node's own error
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

/**
 * The same of bytes, before it returns.
 *
 * @param bytes    a whole file
 * @param options  as for {@link loadOnnx}
 * @throws         the errors of {@link loadOnnx}
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
 * ONNX's newest operator set that is read: a later one may mean something else by the same names. Of the sets before 7, files whose nodes have
 * no attributes that went with them mean what later ones mean; ONNX's own tests have such files.
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
