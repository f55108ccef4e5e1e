import type { Budget } from './budget.ts';
import type { PickleBytes } from './bytes.ts';
import { type Dict, isDict, isList, type Value, type Vocabulary } from './values.ts';

/** The machine that a pickle is a program for: a stack with marks, and a memo of values to be used again. */
export class Stack {
  readonly vocabulary: Vocabulary;
  readonly #input: PickleBytes;
  readonly #budget: Budget;
  readonly #values: Value[] = [];
  readonly #marks: number[] = [];
  /** By number; a Map, since a pickle may choose numbers up to 2^32. */
  readonly #memo = new Map<number, Value>();

  constructor(input: PickleBytes, vocabulary: Vocabulary, budget: Budget) {
    this.#input = input;
    this.vocabulary = vocabulary;
    this.#budget = budget;
  }

  push(value: Value): void {
    this.#budget.values(1);
    this.#values.push(value);
  }

  /** Pushes a new list, tuple or dict. */
  pushContainer(value: readonly Value[] | Dict): void {
    this.#budget.container();
    this.push(value);
  }

  /** The value on top, which stays there. */
  last(): Value {
    if (this.#values.length <= this.#floor()) throw this.#input.wrong('takes a value where there is none');
    return this.#values.at(-1)!;
  }

  pop(): Value {
    const value = this.last();
    this.#values.pop();
    return value;
  }

  /** The upper `count` values. */
  popMany(count: number): Value[] {
    if (this.#values.length - count < this.#floor()) throw this.#input.wrong('takes values where there are none');
    return this.#values.splice(this.#values.length - count, count);
  }

  mark(): void {
    this.#budget.values(1);
    this.#marks.push(this.#values.length);
  }

  /** The values down to the last mark, which goes with them. */
  popToMark(): Value[] {
    const mark = this.#marks.pop();
    if (mark === undefined) throw this.#input.wrong('goes back to a mark that is not there');
    return this.#values.splice(mark);
  }

  /** Python's POP: takes a value away, or a mark where that is on top. */
  discard(): void {
    if (this.#marks.length > 0 && this.#floor() === this.#values.length) this.#marks.pop();
    else this.pop();
  }

  remember(index: number): void {
    this.#budget.memo();
    this.#memo.set(index, this.last());
  }

  memoize(): void {
    this.remember(this.#memo.size);
  }

  recall(index: number): void {
    const value = this.#memo.get(index);
    if (value === undefined) throw this.#input.wrong(`recalls value ${index}, which it never kept`);
    this.push(value);
  }

  /** Appends to the list below, which stays on top. */
  append(items: readonly Value[]): void {
    const list = this.last();
    if (!isList(list)) throw this.#input.wrong('appends to what is no list');
    this.#budget.values(items.length);
    for (const item of items) (list as Value[]).push(item);
  }

  /** Puts keys and values, in turns, into the dict below, which stays on top. */
  setItems(items: readonly Value[]): void {
    const dict = this.last();
    if (!isDict(dict)) throw this.#input.wrong('sets items of what is no dict');
    fillDict(dict, items, this.#input);
    this.#budget.values(items.length);
  }

  /** Calls what lies below the arguments. */
  call(): void {
    const args = this.pop();
    const callee = this.pop();
    if (!isList(args)) throw this.#input.wrong('calls with arguments that are no tuple');
    this.#budget.container();
    // A call may copy what it is given.
    this.#budget.values(args.length);
    for (const arg of args) this.#budget.values(isList(arg) ? arg.length : isDict(arg) ? arg.size : 0);
    this.push(this.vocabulary.call(callee, args));
  }

  /** Takes the attributes of the value below away, where it may have some. */
  build(): void {
    this.pop();
    const value = this.last();
    if (!isDict(value) && !this.vocabulary.takesState(value)) {
      throw this.#input.wrong('sets attributes of what has none');
    }
  }

  /** What is below the last mark is out of reach. */
  #floor(): number {
    return this.#marks.at(-1) ?? 0;
  }
}

/** A dict of keys and values in turns. */
export function fillDict(dict: Dict, items: readonly Value[], input: PickleBytes): Dict {
  if (items.length % 2 !== 0) throw input.wrong('has a key without a value');
  for (let i = 0; i < items.length; i += 2) dict.set(items[i]!, items[i + 1]!);
  return dict;
}
