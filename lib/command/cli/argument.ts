import { InvalidArgumentError } from 'commander';
import { explain } from '../explain.ts';

/** A parser of ours as commander wants it. */
export function argument<T>(parse: (text: string) => T): (text: string) => T {
  return (text) => {
    try {
      return parse(text);
    } catch (error) {
      throw new InvalidArgumentError(explain(error));
    }
  };
}
