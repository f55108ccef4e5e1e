import type { Meta, MultiOperation, Operation } from '../tensor/operation.ts';
import type { View } from '../tensor/view.ts';
import type { Template } from './trace/template.ts';

// A network as a graph: nodes in an order in which they can be computed, and the values that they make and read.

/** An operation with attributes of any kind; callers pass those that were recorded with it. */
// biome-ignore lint/suspicious/noExplicitAny: attributes belong to their operation, which alone reads them
export type AnyOperation = Operation<any> | MultiOperation<any>;

/** A tensor of the network. */
export interface Value {
  /** Its dtype and shape in each of the traces, which had inputs of different sizes. */
  readonly metas: readonly Meta[];
  /** The elements, if the value is a constant that nobody computes. */
  readonly known?: View;
}

/** An element-wise function that a node applies to its results as soon as they exist. */
export interface Finish {
  readonly node: Node;
  /** Which of its inputs is a result of the node that applies it. */
  readonly operand: number;
}

/** One call of an operation. */
export interface Node {
  readonly operation: AnyOperation;
  readonly inputs: readonly Value[];
  /** The attributes with which the forward calls the operation, for inputs of any size. */
  readonly attributes: Template;
  readonly results: readonly Value[];
  /** The module whose weights it uses, as in the state dict; empty if there is none. */
  readonly name: string;
  /** The place of the call in the user's code; empty if unknown. */
  readonly line: string;
  /** Functions that it applies to its results as soon as they exist; they begin with the first result. */
  readonly finishes: readonly Finish[];
  /** Whether it depends on the sizes of the inputs alone: the forward makes its results itself. */
  readonly isMade?: boolean;
}

/** A whole network. */
export interface Graph {
  readonly inputs: readonly Value[];
  readonly nodes: readonly Node[];
  readonly outputs: readonly Value[];
}

/** Which nodes read the values of a graph. */
export class Readers {
  readonly #nodes = new Map<Value, Node[]>();
  readonly #outputs: ReadonlySet<Value>;

  constructor({ nodes, outputs }: Graph) {
    this.#outputs = new Set(outputs);
    for (const node of nodes) {
      for (const value of new Set(node.inputs)) {
        const known = this.#nodes.get(value);
        if (known === undefined) this.#nodes.set(value, [node]);
        else known.push(node);
      }
    }
  }

  /** The nodes that read a value. */
  of(value: Value): readonly Node[] {
    return this.#nodes.get(value) ?? [];
  }

  isOutput(value: Value): boolean {
    return this.#outputs.has(value);
  }

  /** Whether exactly one node reads it. */
  isReadOnce(value: Value): boolean {
    return this.of(value).length === 1 && !this.isOutput(value);
  }
}
