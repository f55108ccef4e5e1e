import type { Algorithm } from '../../convolution/algorithm.ts';
import type { Dtype, FloatDtype } from '../../tensor/dtype.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { Body, Built } from '../build.ts';
import type { Graph } from '../graph.ts';
import { fuse } from '../passes/fuse.ts';
import { findInPlace } from '../plan/inPlace.ts';
import type { Plan } from '../plan/planner.ts';
import { isWhollyNative } from '../segments/native.ts';
import { splitGraph } from '../segments/split.ts';
import type { NetworkTraits } from '../share/handle.ts';
import { leafNames } from '../trace/tree.ts';
import { list, named, record, text, whole, wrong } from './fields.ts';
import { MOST_PORTS, VERSION, type WrittenNetwork } from './format.ts';
import { GraphReader } from './graphReader.ts';
import { type Ports, readPorts } from './ports.ts';

/** A checked description of a network, with packed layers. */
export interface ReadNetwork {
  readonly traits: NetworkTraits;
  readonly built: Built;
}

const KEYS: readonly (keyof WrittenNetwork)[] = [
  'version',
  'name',
  'dtype',
  'arguments',
  'result',
  'inputNames',
  'outputNames',
  'maxWorkingBytes',
  'maxCallBytes',
  'inputs',
  'batch',
  'length',
  'lengthStep',
  'sizes',
  'constants',
  'nodes',
  'outputs',
];

/**
 * Makes a network of a file's description, without trusting it: the shapes of all values follow from those of the inputs by the shape rules of the
 * operations themselves, and the schema of each operation reads its attributes.
 *
 * @param algorithm  replaces the algorithm of each convolution
 * @throws RangeError ERR_CONV1D_FORMAT  with what is wrong, and where
 * @throws RangeError ERR_CONV1D_MEMORY  when there is no memory for packed weights
 */
export function readNetwork(
  json: unknown,
  tensors: Readonly<Record<string, Tensor<Dtype>>>,
  algorithm?: Algorithm,
): ReadNetwork {
  const { version } = (json ?? {}) as { version?: unknown };
  if (version !== VERSION) {
    throw wrong('the network', `is of version ${String(version)}, and this library reads version ${VERSION}`);
  }
  const told = record(json, 'the network', KEYS);
  const dtype = named(told.dtype, 'dtype', ['float32', 'float64'] satisfies FloatDtype[]);
  const ports = readPorts(told);
  const graph = new GraphReader({ tensors, ports, algorithm }).read(told);
  const { axes, batchRange, lengthRange, outputForm, metas, forms } = ports;
  return {
    traits: { ...readTraits(told, ports, graph.outputs.length), forms },
    built: {
      ...bodyOf(graph, dtype),
      axes,
      batchRange,
      lengthRange,
      outputForm,
      metas: metas.map(([first]) => first!),
    },
  };
}

/** The plan of a graph whose nodes are not fused yet, or its segments. */
function bodyOf(graph: Graph, dtype: FloatDtype): Body {
  if (isWhollyNative(graph, dtype)) return { plan: planOf(graph, dtype), mixed: null };
  const segments = splitGraph(graph, dtype).map((part) =>
    part.isHost ? { plan: null, host: part.graph } : { plan: planOf(part.graph, dtype), host: null },
  );
  return { plan: null, mixed: { inputs: graph.inputs, segments, outputs: graph.outputs } };
}

/** The passes that do not change weights or layers; the others ran before the file was written. */
function planOf(whole: Graph, dtype: FloatDtype): Plan {
  const graph = fuse(whole);
  return { graph, dtype, inPlace: findInPlace(graph) };
}

function readTraits(
  told: Readonly<Record<string, unknown>>,
  { forms, outputForm }: Ports,
  outputs: number,
): Pick<NetworkTraits, 'name' | 'settings'> {
  if (leafNames(outputForm, '').length !== outputs) {
    throw wrong('result', `arranges other than the ${outputs} tensors that there are`);
  }
  const { maxWorkingBytes, maxCallBytes = null } = told;
  return {
    name: text(told.name, 'name'),
    settings: {
      inputs: [],
      inputNames: readNames(told.inputNames, 'inputNames', forms.length),
      outputNames: readNames(told.outputNames, 'outputNames', outputs),
      maxWorkingBytes: bytesOrAny(maxWorkingBytes, 'maxWorkingBytes'),
      maxCallBytes: bytesOrAny(maxCallBytes, 'maxCallBytes'),
      // Each layer has an algorithm of its own.
      algorithm: undefined,
      maxWeightBytes: undefined,
    },
  };
}

/** A number of bytes; null stands for any. */
function bytesOrAny(json: unknown, where: string): number {
  return json === null ? Number.POSITIVE_INFINITY : whole(json, where, 1);
}

function readNames(json: unknown, where: string, count: number): readonly string[] | null {
  if (json === null) return null;
  const names = list(json, where, MOST_PORTS).map((name, i) => text(name, `${where}[${i}]`));
  if (names.length === count && new Set(names).size === count && !names.includes('')) return names;
  throw wrong(where, `must be ${count} names, or null`);
}
