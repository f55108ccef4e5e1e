import type { Meta, MultiOperation, Operation } from '../tensor/operation.ts';
import type { View } from '../tensor/view.ts';
import type { Template } from './trace/template.ts';

// A network as a graph: nodes in an order in which they can be computed, and the values that they make and read.

/** An operation whose attributes are of any kind: whoever calls it passes those that were recorded with it. */
// biome-ignore lint/suspicious/noExplicitAny: attributes belong to their operation, which alone reads them
export type AnyOperation = Operation<any> | MultiOperation<any>;

/** A tensor of the network. */
export interface Value {
  /** What it was in each of the traces, which had inputs of different sizes. */
  readonly metas: readonly Meta[];
  /** Of what is known: a tensor that is not computed. */
  readonly known?: View;
}

/** A function of elements that a node applies to its results as soon as they are there. */
export interface Finish {
  readonly node: Node;
  /** Which of its inputs is among the results of the node that finishes. */
  readonly operand: number;
}

/** One call of an operation. */
export interface Node {
  readonly operation: AnyOperation;
  readonly inputs: readonly Value[];
  /** The attributes with which the forward calls the operation, for inputs of any size. */
  readonly attributes: Template;
  readonly results: readonly Value[];
  /** Of the module whose weights it has, as in the state dict; empty where there is none. */
  readonly name: string;
  /** Where in the caller's code it was called; empty where that is not known. */
  readonly line: string;
  /** Applied to its results as soon as they are there; the first result is what they begin with. */
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

/** Who reads the values of a graph. */
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

  /** Whether one node alone reads it. */
  isReadOnce(value: Value): boolean {
    return this.of(value).length === 1 && !this.isOutput(value);
  }
}
