import { createHash } from 'node:crypto';
import { type Dtype, dtypeOf, type Elements } from '../../tensor/dtype.ts';
import { type Tensor, tensorOfAll } from '../../tensor/tensor.ts';

/** A tensor to write, and its possible names, by a number from 0 on. */
export interface NamedElements {
  nameOf(number: number): string;
  readonly elements: Elements;
  readonly shape: readonly number[];
}

/** The tensors of a file to write. If the forward calls a module twice, its tensors are there once. */
export class WrittenTensors {
  readonly tensors: Record<string, Tensor<Dtype>> = Object.create(null);
  readonly #contents = new Map<string, string>();

  /** Adds tensors under the first number that is free, and returns their names. */
  add(group: readonly NamedElements[]): string[] {
    const contents = group.map(contentOf);
    let number = 0;
    const isTaken = ({ nameOf }: NamedElements, i: number) => {
      const known = this.#contents.get(nameOf(number));
      return known !== undefined && known !== contents[i];
    };
    while (group.some(isTaken)) number++;
    return group.map(({ nameOf, elements, shape }, i) => {
      const name = nameOf(number);
      this.#contents.set(name, contents[i]!);
      this.tensors[name] = tensorOfAll(elements, dtypeOf(elements), shape);
      return name;
    });
  }
}

function contentOf({ elements, shape }: NamedElements): string {
  const bytes = new Uint8Array(elements.buffer, elements.byteOffset, elements.byteLength);
  return `${dtypeOf(elements)} ${shape.join()} ${createHash('sha256').update(bytes).digest('base64')}`;
}

/** `name`, `name.2`, `name.3`. */
export function numbered(name: string): (number: number) => string {
  return (number) => (number === 0 ? name : `${name}.${number + 1}`);
}
