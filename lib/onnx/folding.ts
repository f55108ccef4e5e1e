import { rangeError } from '../check/errors.ts';
import type { AnyOperation } from '../network/graph.ts';
import { workOf } from '../network/report/work.ts';
import { avgPool, maxPool, type PoolAttributes } from '../nn/ops/pooling.ts';
import { type Budget, whileCounting } from '../tensor/budget.ts';
import { bytesPerElement } from '../tensor/dtype.ts';
import type { Meta } from '../tensor/operation.ts';
import { formatShape, numelOf } from '../tensor/shape.ts';
import type { View } from '../tensor/view.ts';
import type { CheckedLimits } from './limits.ts';
import { type GeneralRecurrentAttributes, generalRecurrent } from './operations/generalRecurrent.ts';

/**
 * Loading computes what depends on constants alone for several sizes of the inputs, and keeps some of it until it has compared them. All sizes together
 * may take this many times the bytes of one; a size beyond that counts as one that the model refuses.
 */
const SIZES = 4;

/** A direction of the general recurrent layer takes as long as this many products of the fast one. */
const GENERAL_COST = 8;

/**
 * Counts what is computed of constants and sizes alone. Of a file of some hundred bytes that may be anything: it is refused before it is
 * allocated, and before it is computed.
 */
export class Folding implements Budget {
  readonly #limits: CheckedLimits;
  /** What the sizes together may still take, until the model is loaded. */
  #bytesInAll: number;
  #flopsInAll: number;
  #bytes = 0;
  #flops = 0;
  /** Weights of which somebody has made something. */
  readonly #used = new WeakSet<object>();

  constructor(limits: CheckedLimits) {
    this.#limits = limits;
    this.#bytesInAll = SIZES * limits.constantBytes;
    this.#flopsInAll = limits.constantFlops;
  }

  /** Counts what is computed for one size of the inputs. */
  within<R>(compute: () => R): R {
    this.#bytes = 0;
    this.#flops = 0;
    return whileCounting(this, compute);
  }

  /** From now on each size is counted by itself. */
  end(): void {
    this.#bytesInAll = Number.POSITIVE_INFINITY;
    this.#flopsInAll = Number.POSITIVE_INFINITY;
  }

  operation(operation: object, inputs: readonly Meta[], attributes: unknown, results: readonly Meta[]): void {
    const bytes = results.reduce((sum, { dtype, shape }) => sum + numelOf(shape) * bytesPerElement(dtype), 0);
    this.#take(
      bytes,
      flopsOf(operation as AnyOperation, inputs, attributes, results),
      () => `a tensor of ${formatShape(results[0]!.shape)}`,
    );
  }

  memory(bytes: number): void {
    this.#take(bytes, 0, () => 'what is made of constants');
  }

  /** Counts a copy that is made of a constant: not the first, which is in proportion to the file, or was counted when it was computed. */
  copyOf({ storage, numel, dtype }: View): void {
    if (this.#used.has(storage)) this.memory(numel * bytesPerElement(dtype));
    this.#used.add(storage);
  }

  #take(bytes: number, flops: number, what: () => string): void {
    this.#bytes += bytes;
    this.#flops += flops;
    this.#bytesInAll -= bytes;
    this.#flopsInAll -= flops;
    const { constantBytes, constantFlops } = this.#limits;
    if (this.#bytes > constantBytes || this.#bytesInAll < 0) {
      throw refused(what(), `${this.#bytes} bytes`, 'constantBytes', constantBytes);
    }
    if (this.#flops > constantFlops || this.#flopsInAll < 0) {
      throw refused(what(), `${this.#flops} floating-point operations`, 'constantFlops', constantFlops);
    }
  }
}

function refused(what: string, taken: string, option: string, limit: number): RangeError {
  return rangeError(
    'ERR_CONV1D_MEMORY',
    `with ${what}, what is computed of constants while the model is loaded comes to ${taken}; the option limits.${option}, now ${limit}, allows more`,
  );
}

/** Of what takes longer than to write its results: two for each product, one for each element of a window. */
function flopsOf(
  operation: AnyOperation,
  inputs: readonly Meta[],
  attributes: unknown,
  results: readonly Meta[],
): number {
  if (operation === maxPool || operation === avgPool) {
    return numelOf(results[0]!.shape) * (attributes as PoolAttributes).kernelSize;
  }
  if (operation === generalRecurrent) {
    const { cells, hiddenSize } = attributes as GeneralRecurrentAttributes;
    const [steps, batch, features] = inputs[0]!.shape as [number, number, number];
    const gates = cells[0]!.weight.length / Math.max(hiddenSize * features, 1);
    return GENERAL_COST * 2 * steps * batch * cells.length * gates * hiddenSize * (features + hiddenSize);
  }
  return workOf(operation, attributes, inputs, results).flops;
}
