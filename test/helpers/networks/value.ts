import type { Tensor } from '../../../lib/index.ts';

/** A value of a network that grows: what it is for two sizes of the inputs, which tells sizes that vary from those that do not. */
export class Sized {
  readonly first: Tensor;
  readonly second: Tensor;

  constructor(first: Tensor, second: Tensor) {
    this.first = first;
    this.second = second;
  }

  get ndim(): number {
    return this.first.ndim;
  }

  /** The size of a dimension that is the same for inputs of any size; undefined for one that varies. Negative dimensions count from the end. */
  fixed(dim: number): number | undefined {
    const size = this.first.shape.at(dim);
    return size === this.second.shape.at(dim) ? size : undefined;
  }

  isLike(other: Sized): boolean {
    return (
      String(this.first.shape) === String(other.first.shape) && String(this.second.shape) === String(other.second.shape)
    );
  }

  /** Whether both can lie side by side along a dimension. */
  fitsBeside(other: Sized, dim: number): boolean {
    const rest = (x: Tensor) => String(x.shape.with(dim, 0));
    return (
      this.ndim === other.ndim && rest(this.first) === rest(other.first) && rest(this.second) === rest(other.second)
    );
  }
}
