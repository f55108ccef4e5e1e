import type { Ready, Report } from '../run/ready.ts';
import { formatTable } from './table.ts';
import { workOf } from './work.ts';

/**
 * A step of a network: one node of its graph, with what was fused into it.
 *
 * @category Networks
 */
export interface SummaryStep {
  /** The module's name in the state dict, where the step has a module with weights; else that of the operation. */
  readonly name: string;
  /** torch's name of what it computes: `conv1d`, `lstm`. */
  readonly operation: string;
  /**
   * `'native'` in a native program; `'host'` as it runs without `compile`, since it has no native step, or values of another dtype: indices,
   * masks, float64 among float32.
   */
  readonly runs: 'native' | 'host';
  /** The functions that are applied to its results while they are in the first cache, in their order. */
  readonly fused: readonly string[];
  /** Of its first result, for the batch items that are computed at a time: (1, C, L) of most networks. Of a stretch, where signals are cut. */
  readonly shape: readonly number[];
  /** How many learned numbers it has. */
  readonly parameters: number;
  /** Floating-point operations for these items, two for each product; 0 for what does not multiply much. */
  readonly flops: number;
}

/**
 * What a network computes for inputs of some shapes. As text, a table.
 *
 * @example
 * const { parameters, flops, workingBytes } = network.summary([8, 2, 1000]);
 * parameters;   // 33
 * flops;        // 478080
 * @category Networks
 */
export interface Summary {
  /** In the order in which they run. */
  readonly steps: readonly SummaryStep[];
  /** How many learned numbers the steps have together. */
  readonly parameters: number;
  /** Floating-point operations of convolutions, linear and recurrent layers and products of matrices, two for each product, for the whole batch. */
  readonly flops: number;
  /**
   * What a call takes up beside inputs, outputs and weights, in bytes, with the threads in use. With steps that run on the host, what lies
   * between them and native programs is counted too, for the whole batch.
   */
  readonly workingBytes: number;
  /** A table: a line for each step, and the working memory. */
  toString(): string;
}

const inspect = Symbol.for('nodejs.util.inspect.custom');

/** The steps of reports, each for one unit of the batch. */
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

/** What a network that is ready for some shapes computes. */
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
