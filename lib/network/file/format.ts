import type { Axis } from '../trace/axes.ts';
import type { Form } from '../trace/tree.ts';

// What a network file says, as JSON in its metadata. docs/networks.md has it for readers of other languages.

/** The key of the metadata that makes a safetensors file a network. */
export const METADATA_KEY = 'conv1d_network';

/** A reader of this version takes files of this one. */
export const VERSION = 1;

/** Larger descriptions are no network's. */
export const MOST_JSON = 2 ** 23;
/** More take seconds to be planned. */
export const MOST_NODES = 2 ** 13;
export const MOST_VALUES = 2 ** 16;
export const MOST_PORTS = 1024;
/** All sizes of inputs that a file lists, times all values that its nodes read and make: each is worked out. */
export const MOST_WORK = 2 ** 20;
export const MOST_SIZES = 2 ** 12;
/** What a value may have at the sizes of the example: 4 GiB of float32. */
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
  /** Values are numbered: the inputs, the constants, then the results of each node in their order. */
  readonly inputs: readonly number[];
  /** Undefined where the operation has none. */
  readonly attributes?: Readonly<Record<string, unknown>> | undefined;
}

export interface WrittenNetwork {
  readonly version: number;
  /** Of the module's class. */
  readonly name: string;
  /** Of native programs; nodes of other dtypes are the host's. */
  readonly dtype: string;
  /** How the tensors are arranged in the arguments, and in what is returned. */
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
  /** By how much the length may grow. */
  readonly lengthStep: number;
  /** N and L with which the forward was followed; those of the example first. */
  readonly sizes: readonly (readonly [batch: number, length: number])[];
  /** Names of tensors that are not computed. */
  readonly constants: readonly { readonly tensor: string }[];
  readonly nodes: readonly WrittenNode[];
  readonly outputs: readonly number[];
}
