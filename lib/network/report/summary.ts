import type { Planned } from '../plan/planner.ts';
import { formatTable } from './table.ts';
import { workOf } from './work.ts';

/**
 * A step of a network: one node of its graph, with what was fused into it.
 *
 * @category Networks
 */
export interface SummaryStep {
  /** The module's name in the state dict, where the step has a module; else that of the operation. */
  readonly name: string;
  readonly operation: string;
  /** The functions that are applied to its results while they are in the first cache. */
  readonly fused: readonly string[];
  /** Of its first result. */
  readonly shape: readonly number[];
  readonly parameters: number;
  readonly flops: number;
}

/**
 * What a network computes for inputs of some shapes. As text, a table.
 *
 * @category Networks
 */
export interface Summary {
  readonly steps: readonly SummaryStep[];
  readonly parameters: number;
  /** Of convolutions, linear and recurrent layers and products of matrices. */
  readonly flops: number;
  /** What a call takes up beside inputs, outputs and weights, with the threads in use. */
  readonly workingBytes: number;
  toString(): string;
}

const inspect = Symbol.for('nodejs.util.inspect.custom');

/** The steps of a plan, each for one unit of the batch. */
export function stepsOf({ steps }: Planned): SummaryStep[] {
  return steps.map(({ node, attributes, inputs, results }) => ({
    name: node.name === '' ? node.operation.name : node.name,
    operation: node.operation.name,
    fused: node.finishes.map((finish) => finish.node.operation.name),
    shape: results[0]!.shape,
    ...workOf(node.operation, attributes, inputs, results),
  }));
}

export function makeSummary(steps: readonly SummaryStep[], units: number, workingBytes: number): Summary {
  const parameters = steps.reduce((sum, step) => sum + step.parameters, 0);
  const flops = units * steps.reduce((sum, step) => sum + step.flops, 0);
  const text = () => formatSummary(steps, parameters, flops, workingBytes);
  return Object.defineProperties({ steps, parameters, flops, workingBytes, toString: text } as Summary, {
    toString: { enumerable: false },
    [inspect]: { value: text, enumerable: false },
  });
}

function formatSummary(steps: readonly SummaryStep[], parameters: number, flops: number, workingBytes: number): string {
  const rows = steps.map((step) => [
    step.name === step.operation ? step.operation : `${step.name} (${step.operation})`,
    step.fused.join(', '),
    `[${step.shape.join(', ')}]`,
    step.parameters === 0 ? '' : grouped(step.parameters),
    step.flops === 0 ? '' : mega(step.flops),
  ]);
  const total = ['', '', 'in all', grouped(parameters), mega(flops)];
  return `${formatTable(['step', 'fused into it', 'output', 'parameters', 'MFLOP'], [...rows, total], 2)}\nworking memory ${(workingBytes / 2 ** 20).toFixed(1)} MiB`;
}

function grouped(value: number): string {
  return value.toLocaleString('en-US');
}

export function mega(flops: number): string {
  return (flops / 1e6).toFixed(flops < 1e7 ? 2 : 0);
}
