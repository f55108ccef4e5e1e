// A model as plain values, as in the file. Other modules resolve names and look up operators.

/** A tensor of the file. Its numbers stay in the file's memory until somebody asks for them. */
export interface TensorData {
  readonly name: string;
  readonly sizes: readonly number[];
  /** ONNX's number of the element type. */
  readonly type: number;
  /** The elements as bytes; null if they are elsewhere. */
  readonly raw: Uint8Array | null;
  /** The elements as numbers on the wire, by the field that has them. */
  readonly fields: ReadonlyMap<number, readonly Uint8Array[]>;
  /** The place of the elements outside the file: `location`, `offset`, `length`. */
  readonly external: ReadonlyMap<string, string> | null;
}

/** The kinds of values that belong to nodes by name. */
export interface AttributeValues {
  readonly float: number;
  readonly integer: bigint;
  readonly text: string;
  readonly tensor: TensorData;
  readonly graph: GraphData;
  readonly floats: readonly number[];
  readonly integers: readonly bigint[];
  readonly texts: readonly string[];
  /** In a function: the name of the calling node's attribute that it stands for. */
  readonly reference: string;
  /** A kind that no operator here reads. */
  readonly other: string;
}

/** A value that belongs to a node by name. */
export type Attribute = {
  readonly [Kind in keyof AttributeValues]: { readonly kind: Kind; readonly value: AttributeValues[Kind] };
}[keyof AttributeValues];

export interface NodeData {
  readonly name: string;
  readonly operator: string;
  readonly domain: string;
  /** Tells functions of one name apart. */
  readonly overload: string;
  /** An empty name stands for an input that is left out. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: ReadonlyMap<string, Attribute>;
}

/** A size of an input: a number, a name for one that may differ, or nothing. */
export type Dimension = number | string | null;

/** The description of an input or an output. */
export interface ValueInfo {
  readonly name: string;
  /** ONNX's number of the element type; 0 if the file has none, null if it is not a tensor. */
  readonly type: number | null;
  /** Null if the file does not have the number of dimensions. */
  readonly shape: readonly Dimension[] | null;
}

export interface GraphData {
  readonly name: string;
  readonly nodes: readonly NodeData[];
  readonly initializers: readonly TensorData[];
  readonly inputs: readonly ValueInfo[];
  readonly outputs: readonly ValueInfo[];
}

/** An operator that the file defines by a graph of its own. */
export interface FunctionData {
  readonly name: string;
  readonly domain: string;
  readonly overload: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly nodes: readonly NodeData[];
  /** The values of attributes that a call leaves out. */
  readonly defaults: ReadonlyMap<string, Attribute>;
  /** The operator sets by their domains; for missing domains, those of the model count. */
  readonly opsets: ReadonlyMap<string, number>;
}

export interface ModelData {
  readonly graph: GraphData;
  readonly functions: readonly FunctionData[];
  /** The version of each operator set, by its domain; '' is ONNX's own. */
  readonly opsets: ReadonlyMap<string, number>;
  /** How many nodes are written in the file, those of functions once. */
  readonly nodes: number;
}
