import { crc32 } from 'node:zlib';
import type { DtypeName, Input } from '../../../golden/calls.ts';
import { type Attribute, type Constant, type ElementName, type Graph, model, type Node, type Value } from '../model.ts';

/** A graph input to be drawn: the seed comes of the case's name. */
export interface Drawn {
  readonly drawn: readonly number[];
  readonly dtype: DtypeName;
  readonly scale: number;
}

/** A graph input of given numbers. */
export interface Given {
  readonly given: readonly number[];
  readonly values: readonly (number | string)[];
  readonly dtype: DtypeName;
}

/** What a node reads: a graph input, a constant of the file, or nothing at this place. */
export type Operand = Drawn | Given | Constant | null;

export interface Case {
  readonly name: string;
  readonly opset: number;
  readonly graph: Graph;
  /** The graph inputs, as test/golden/calls.ts makes them. */
  readonly inputs: Readonly<Record<string, Input>>;
}

/** Numbers between -2 and 2, or as far from 0 as half the scale. */
export function drawn(shape: readonly number[], scale = 4, dtype: DtypeName = 'float32'): Drawn {
  return { drawn: shape, dtype, scale };
}

export function given(
  shape: readonly number[],
  values: readonly (number | string)[],
  dtype: DtypeName = 'float32',
): Given {
  return { given: shape, values, dtype };
}

/** Numbers for a file's own constants, weights for instance: small ones that look irregular. */
export function weights(shape: readonly number[], scale = 1, type: ElementName = 'float32'): Constant {
  const count = shape.reduce((product, size) => product * size, 1);
  const values = Array.from({ length: count }, (_, i) => Math.fround(scale * Math.sin(1.7 * i * i + 0.9 * i + count)));
  return { dims: shape, type, values };
}

/** What a case has besides the usual: other outputs than one of float32, and what its name says. */
export interface Extras {
  readonly outputs?: readonly (ElementName | '')[];
  readonly note?: string;
}

/** A case of one node. An output whose type is '' is left out. */
export function single(
  opset: number,
  op: string,
  operands: readonly Operand[],
  attributes: Readonly<Record<string, Attribute>> = {},
  { outputs = ['float32'], note = '' }: Extras = {},
): Case {
  const names = operands.map((operand, i) => (operand === null ? '' : `x${i}`));
  const results = outputs.map((type, i) => (type === '' ? '' : `y${i}`));
  const node: Node = { op, inputs: names, outputs: results, attributes, name: `the ${op}` };
  const values = Object.fromEntries(operands.flatMap((operand, i) => (operand === null ? [] : [[names[i]!, operand]])));
  const outs = results.flatMap((name, i) => (name === '' ? [] : [{ name, type: outputs[i] as ElementName }]));
  return several(opset, `${op} ${note === '' ? describe(operands, attributes) : note}`, [node], values, outs);
}

/** A case of several nodes, with what they read by name. */
export function several(
  opset: number,
  title: string,
  nodes: readonly Node[],
  operands: Readonly<Record<string, Exclude<Operand, null>>>,
  outputs: readonly Value[],
): Case {
  const name = `${opset} ${title}`;
  const inputs: Record<string, Input> = {};
  const constants: Record<string, Constant> = {};
  for (const [key, operand] of Object.entries(operands)) {
    if ('dims' in operand) constants[key] = operand;
    else if ('given' in operand) inputs[key] = { shape: operand.given, dtype: operand.dtype, values: operand.values };
    else {
      const { drawn: shape, dtype, scale } = operand;
      inputs[key] = { shape, dtype, scale, seed: crc32(`${name} ${key}`) };
    }
  }
  const values = Object.entries(inputs).map(([key, { shape, dtype }]) => ({ name: key, type: dtype, dims: shape }));
  return { name, opset, graph: { nodes, inputs: values, outputs, constants }, inputs };
}

/** The file of a case; `isFree`: the first and the last size of each input are any. */
export function fileOf({ graph, opset }: Case, isFree = false): Uint8Array {
  if (!isFree) return model(graph, opset);
  const inputs = graph.inputs!.map((input) => ({ ...input, dims: freed(input.dims!) }));
  return model({ ...graph, inputs }, opset);
}

/** For the option `dimensions`: what the sizes are that {@link fileOf} gives names. */
export function dimensionsOf({ graph }: Case): Record<string, number> {
  const pairs = graph.inputs!.flatMap(({ dims }) => dims!.map((dim, i) => [freed(dims!)[i]!, Number(dim)] as const));
  return Object.fromEntries(pairs.filter(([name]) => typeof name === 'string'));
}

function freed(dims: readonly (number | string)[]): (number | string)[] {
  return dims.map((dim, i) => (i === 0 ? `N${dim}` : i === dims.length - 1 ? `L${dim}` : dim));
}

function describe(operands: readonly Operand[], attributes: Readonly<Record<string, Attribute>>): string {
  const shapes = operands.map((operand) => {
    if (operand === null) return '-';
    if ('drawn' in operand) return `${operand.dtype === 'float32' ? '' : operand.dtype}[${operand.drawn}]`;
    if ('given' in operand) return `${operand.dtype === 'float32' ? '' : operand.dtype}[${operand.given}]`;
    return operand.type === 'int64' ? `(${operand.values})` : `const[${operand.dims}]`;
  });
  const options = Object.entries(attributes).map(([key, { kind, value }]) =>
    kind === 'graph' || kind === 'tensor' ? key : `${key}=${value}`,
  );
  return [...shapes, ...options].join(' ');
}
