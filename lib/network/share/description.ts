import type { Conv1dParameters } from '../../convolution/parameters.ts';
import type { Dtype, Elements, FloatDtype } from '../../tensor/dtype.ts';
import type { Meta } from '../../tensor/operation.ts';
import type { CompileSettings } from '../options.ts';
import type { Axes } from '../trace/axes.ts';
import type { Fit } from '../trace/fit.ts';
import type { Range } from '../trace/range.ts';
import type { Form } from '../trace/tree.ts';

// A network as plain data, which goes to other threads beside its packed layers. A layer is its index in their list, a value its index in
// `values`.

export interface NetworkDescription {
  /** The name of the module's class. */
  readonly name: string;
  readonly settings: CompileSettings;
  /** How the arguments and the result of the forward are arranged. */
  readonly forms: readonly Form[];
  readonly outputForm: Form;
  readonly metas: readonly Meta[];
  readonly axes: Axes;
  readonly batchRange: Range;
  readonly lengthRange: Range;
  readonly values: readonly ValueDescription[];
  /** If one native graph is the whole network. */
  readonly graph: GraphDescription | null;
  readonly mixed: MixedDescription | null;
}

export interface GraphDescription {
  /** The dtype of a native program; null for a part of the host. */
  readonly dtype: FloatDtype | null;
  readonly inputs: readonly number[];
  readonly nodes: readonly NodeDescription[];
  readonly outputs: readonly number[];
}

export interface MixedDescription {
  readonly inputs: readonly number[];
  readonly segments: readonly GraphDescription[];
  readonly outputs: readonly number[];
}

export interface ValueDescription {
  readonly metas: readonly Meta[];
  readonly known: { readonly dtype: Dtype; readonly shape: readonly number[]; readonly elements: Elements } | undefined;
}

export interface NodeDescription {
  readonly operation: string;
  readonly inputs: readonly number[];
  readonly attributes: TemplateDescription;
  readonly results: readonly number[];
  readonly name: string;
  readonly line: string;
  readonly finishes: readonly { readonly node: NodeDescription; readonly operand: number }[];
}

/** TemplateData with values described. */
export type TemplateDescription =
  | { readonly value: AttributeDescription }
  | { readonly integer: Fit }
  | { readonly list: readonly TemplateDescription[] }
  | { readonly record: readonly (readonly [key: string, part: TemplateDescription])[] };

export type AttributeDescription =
  /** A primitive value or elements. */
  | { readonly plain: unknown }
  | { readonly list: readonly AttributeDescription[] }
  | { readonly record: readonly (readonly [key: string, part: AttributeDescription])[] }
  | { readonly layer: number; readonly parameters: Conv1dParameters; readonly hasBias: boolean }
  /** One direction of a recurrent layer. */
  | { readonly cell: number };
