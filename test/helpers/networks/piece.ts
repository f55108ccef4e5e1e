import { Module, type Tensor } from '../../../lib/index.ts';
import type { FloatDtype } from '../../../lib/tensor/dtype.ts';

/** Layers and parameters by the names of the fields that hold them. */
export type Parts = Readonly<Record<string, object>>;

/** One operation of a random network, or a few that go together, before its layers are made. */
export interface Piece {
  /** What a failure prints. */
  readonly text: string;
  /** How many earlier values it reads besides the first. */
  readonly others?: readonly number[];
  parts?(dtype: FloatDtype): Parts;
  // biome-ignore lint/suspicious/noExplicitAny: each piece knows which layers it has made
  compute(inputs: readonly Tensor[], parts: any): Tensor | readonly Tensor[];
  /** Whether a norm of it may be folded, so that bits may change. */
  readonly folds?: boolean;
  /** Whether it has fewer results for some sizes: networks need not take these. */
  readonly varies?: boolean;
  /** Whether it jumps: results of two precisions are then not compared. */
  readonly jumps?: boolean;
}

/** A piece with its layers. */
export class Step extends Module {
  readonly #piece: Piece;
  readonly #parts: Parts;

  constructor(piece: Piece, dtype: FloatDtype) {
    super();
    this.#piece = piece;
    this.#parts = piece.parts?.(dtype) ?? {};
    Object.assign(this, this.#parts); // where state dicts and eval() find them
  }

  override forward(...inputs: readonly Tensor[]): readonly Tensor[] {
    const results = this.#piece.compute(inputs, this.#parts);
    return Array.isArray(results) ? results : [results as Tensor];
  }
}
