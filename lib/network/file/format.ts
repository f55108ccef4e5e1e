import type { Axis } from '../trace/axes.ts';
import type { Form } from '../trace/tree.ts';

// The description of a network, as JSON in its file's metadata. docs/networks.md explains it to readers in other languages.

/** The key of the metadata that makes a safetensors file a network. */
export const METADATA_KEY = 'conv1d_network';

/** A reader takes files of this version only. */
export const VERSION = 1;

/** No network has a longer description. */
export const MOST_JSON = 2 ** 23;
/** Planning more nodes takes seconds. */
export const MOST_NODES = 2 ** 13;
export const MOST_VALUES = 2 ** 16;
export const MOST_PORTS = 1024;
/** The most shapes that a reader computes: the sizes that a file lists, times the values that its nodes read and make. */
export const MOST_WORK = 2 ** 20;
export const MOST_SIZES = 2 ** 12;
/** The most elements that a value may have at the sizes of the example: 4 GiB of float32. */
export const MOST_ELEMENTS = 2 ** 30;

export interface WrittenInput {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly batch: Axis | null;
  readonly length: Axis | null;
}

export interface WrittenRange {
  readonly least: number;
  /** Null for any. */
  readonly most: number | null;
  readonly one: number;
  readonly step: number;
}

export interface WrittenNode {
  readonly operation: string;
  readonly name: string;
  /** Values have numbers: first the inputs, then the constants, then the results of each node. */
  readonly inputs: readonly number[];
  /** Undefined if the operation has none. */
  readonly attributes?: Readonly<Record<string, unknown>> | undefined;
}

export interface WrittenNetwork {
  readonly version: number;
  /** The name of the module's class. */
  readonly name: string;
  /** The dtype of native programs; the host runs nodes of other dtypes. */
  readonly dtype: string;
  /** How the tensors are arranged in the arguments, and in the result. */
  readonly arguments: readonly Form[];
  readonly result: Form;
  readonly inputNames: readonly string[] | null;
  readonly outputNames: readonly string[] | null;
  /** Null for any number. */
  readonly maxWorkingBytes: number | null;
  /** Null, as in files that do not say it, for any number. */
  readonly maxCallBytes: number | null;
  readonly inputs: readonly WrittenInput[];
  readonly batch: WrittenRange;
  readonly length: WrittenRange;
  /** The steps in which the length may vary. */
  readonly lengthStep: number;
  /** The pairs of N and L with which compile() followed the forward, the example's first. */
  readonly sizes: readonly (readonly [batch: number, length: number])[];
  /** Names of tensors with known values. */
  readonly constants: readonly { readonly tensor: string }[];
  readonly nodes: readonly WrittenNode[];
  readonly outputs: readonly number[];
}
