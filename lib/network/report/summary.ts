import type { Ready, Report } from '../run/ready.ts';
import { formatTable } from './table.ts';
import { workOf } from './work.ts';

/**
 * A step of a network: one node of its graph, with what was fused into it.
 *
 * @category Networks
 */
export interface SummaryStep {
  /** The name of the step's module in the state dict, if it has a module with weights; otherwise the name of the operation. */
  readonly name: string;
  /** torch's name of the operation: `conv1d`, `lstm`. */
  readonly operation: string;
  /**
   * `'native'` if a native program computes it; `'host'` if it runs as without `compile`, because it has no native step, or values of another dtype: indices,
   * masks, float64 among float32.
   */
  readonly runs: 'native' | 'host';
  /** The functions that the step applies to its results while they are in the first cache, in their order. */
  readonly fused: readonly string[];
  /** The shape of its first result, for the batch items that run at a time: (1, C, L) in most networks. If signals run in stretches, that of one stretch. */
  readonly shape: readonly number[];
  /** The number of its learned parameters. */
  readonly parameters: number;
  /** Floating-point operations for these items, two per product; 0 for operations with hardly any products. */
  readonly flops: number;
}

/**
 * The steps of a network for inputs of some shapes. As text, a table.
 *
 * @example
 * const { parameters, flops, workingBytes } = network.summary([8, 2, 1000]);
 * parameters;   // 33
 * flops;        // 478080
 * @category Networks
 */
export interface Summary {
  /** The steps, in the order in which they run. */
  readonly steps: readonly SummaryStep[];
  /** The number of learned parameters of all steps together. */
  readonly parameters: number;
  /** Floating-point operations of convolutions, linear and recurrent layers and products of matrices, two per product, for the whole batch. */
  readonly flops: number;
  /**
   * The bytes that a call takes beside inputs, outputs and weights, with the threads in use. If the host runs steps, this includes the values
   * between them and native programs, for the whole batch.
   */
  readonly workingBytes: number;
  /** A table with a line per step, and the working memory. */
  toString(): string;
}

const inspect = Symbol.for('nodejs.util.inspect.custom');

/** The steps of a report, each for one unit of the batch. */
export function stepsOf(reports: readonly Report[]): SummaryStep[] {
  return reports.flatMap(({ steps, isHost }) =>
    steps.map(
      ({ node, attributes, inputs, results }): SummaryStep => ({
        name: node.name === '' ? node.operation.name : node.name,
        operation: node.operation.name,
        runs: isHost ? 'host' : 'native',
        fused: node.finishes.map((finish) => finish.node.operation.name),
        shape: results[0]!.shape,
        ...workOf(node.operation, attributes, inputs, results),
      }),
    ),
  );
}

/** How many times a call computes each step. */
export function timesOf(reports: readonly Report[]): number[] {
  return reports.flatMap(({ steps, times }) => steps.map(() => times));
}

/** The summary of a network that is ready for some shapes. */
export function summaryOf(ready: Ready): Summary {
  const [steps, times] = [stepsOf(ready.reports), timesOf(ready.reports)];
  const flops = steps.reduce((sum, step, i) => sum + times[i]! * step.flops, 0);
  return makeSummary(steps, flops, ready.workingBytes());
}

function makeSummary(steps: readonly SummaryStep[], flops: number, workingBytes: number): Summary {
  const parameters = steps.reduce((sum, step) => sum + step.parameters, 0);
  const text = () => formatSummary(steps, parameters, flops, workingBytes);
  return Object.defineProperties({ steps, parameters, flops, workingBytes, toString: text } as Summary, {
    toString: { enumerable: false },
    [inspect]: { value: text, enumerable: false },
  });
}

function formatSummary(steps: readonly SummaryStep[], parameters: number, flops: number, workingBytes: number): string {
  const rows = steps.map((step) => [
    labelOf(step),
    step.fused.join(', '),
    `[${step.shape.join(', ')}]`,
    step.parameters === 0 ? '' : grouped(step.parameters),
    step.flops === 0 ? '' : mega(step.flops),
  ]);
  const total = ['', '', 'in all', grouped(parameters), mega(flops)];
  return `${formatTable(['step', 'fused into it', 'output', 'parameters', 'MFLOP'], [...rows, total], 2)}\nworking memory ${(workingBytes / 2 ** 20).toFixed(1)} MiB`;
}

/** `0 (conv1d)`, `argmax (host)`. */
function labelOf({ name, operation, runs }: SummaryStep): string {
  const more = [...(name === operation ? [] : [operation]), ...(runs === 'host' ? ['host'] : [])];
  return more.length === 0 ? name : `${name} (${more.join(', ')})`;
}

function grouped(value: number): string {
  return value.toLocaleString('en-US');
}

export function mega(flops: number): string {
  return (flops / 1e6).toFixed(flops < 1e7 ? 2 : 0);
}
