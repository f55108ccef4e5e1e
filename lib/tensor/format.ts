import { type Dtype, isFloatDtype } from './dtype.ts';
import { type PrintStyle, printStyle } from './printOptions.ts';

/** What is read of a tensor to print it. */
export interface Printable {
  readonly shape: readonly number[];
  readonly numel: number;
  readonly dtype: Dtype;
  /** What is said of gradients behind the elements, as `requires_grad=True`. */
  readonly mark: string | null;
  at(index: number): Printable;
  /** The only element. */
  element(): number | bigint;
}

const PREFIX = 'tensor(';
const INDENT = PREFIX.length;

/** The elements that are shown, nested as the brackets are. */
type Shown = Element | readonly Shown[];
type Element = number | bigint;

/** Writes elements in the one notation that torch picks for a whole tensor. */
interface ElementFormat {
  /** The columns of the longest element; shorter ones are padded on the left. */
  readonly width: number;
  format(value: Element): string;
}

/**
 * A tensor as torch prints it, with the options that `setPrintOptions` gave: one notation for all numbers, chosen from those that
 * are shown; rows wrapped at a number of columns; a few elements at each end of a dimension when there are many in all.
 *
 * @throws TypeError ERR_CONV1D_DETACHED  when the tensor's memory is gone
 */
export function formatTensor(tensor: Printable): string {
  const style = printStyle();
  if (tensor.numel === 0) return addSuffixes(`${PREFIX}[]`, suffixes(tensor), style.lineWidth);
  const edgeItems = tensor.numel > style.threshold ? style.edgeItems : Number.POSITIVE_INFINITY;
  const shown = pick(tensor, edgeItems);
  const elements = flatten(shown);
  const format = isFloatDtype(tensor.dtype)
    ? chooseFormat(elements as readonly number[], style)
    : wholeFormat(elements, tensor.dtype === 'bool' ? (value) => (Number(value) === 0 ? 'False' : 'True') : String);
  const text = layOut(shown, tensor.shape, INDENT, { format, edgeItems, lineWidth: style.lineWidth });
  return addSuffixes(PREFIX + text, suffixes(tensor), style.lineWidth);
}

/** What follows the elements. */
function suffixes(tensor: Printable): string[] {
  const found: string[] = [];
  if (tensor.numel === 0 && tensor.shape.length !== 1) found.push(`size=(${tensor.shape.join(', ')})`);
  // Integers and bools show what they are, unless there are none.
  const isTold = tensor.numel > 0 && (tensor.dtype === 'int64' || tensor.dtype === 'bool');
  if (tensor.dtype !== 'float32' && !isTold) found.push(`dtype=torch.${tensor.dtype}`);
  if (tensor.mark !== null) found.push(tensor.mark);
  return found;
}

/** Suffixes go on the last line, or on lines of their own where that would grow too long. */
function addSuffixes(text: string, suffixes: readonly string[], lineWidth: number): string {
  let result = text;
  // torch counts two columns too many for the elements' last line, so a suffix may move to the next line early.
  let column = text.length - text.lastIndexOf('\n') + 1;
  for (const suffix of suffixes) {
    if (column + suffix.length + 2 > lineWidth) {
      result += `,\n${' '.repeat(INDENT)}${suffix}`;
      column = INDENT + suffix.length;
    } else {
      result += `, ${suffix}`;
      column += suffix.length + 2;
    }
  }
  return `${result})`;
}

function pick(tensor: Printable, edgeItems: number): Shown {
  if (tensor.shape.length === 0) return tensor.element();
  const size = tensor.shape[0]!;
  const count = Math.min(size, 2 * edgeItems);
  return Array.from({ length: count }, (_, i) =>
    pick(tensor.at(count < size && i >= edgeItems ? size - count + i : i), edgeItems),
  );
}

function flatten(shown: Shown): readonly Element[] {
  return typeof shown === 'object' ? shown.flatMap(flatten) : [shown];
}

interface Layout {
  readonly format: ElementFormat;
  /** How many elements are shown at each end of a dimension; infinity for all. */
  readonly edgeItems: number;
  readonly lineWidth: number;
}

/** The brackets; `indent` is the column of the opening one. */
function layOut(shown: Shown, shape: readonly number[], indent: number, layout: Layout): string {
  const { format, edgeItems, lineWidth } = layout;
  if (typeof shown !== 'object') return format.format(shown);
  const [size, ...inner] = shape;
  const items = shown.map((item) => layOut(item, inner, indent + 1, layout));
  const isRow = inner.length === 0;
  // In a row torch counts the gap as one more number and sets a space before it.
  if (size! > 2 * edgeItems) items.splice(edgeItems, 0, isRow ? ' ...' : '...');
  const margin = ' '.repeat(indent + 1);
  if (!isRow) return `[${items.join(`,${'\n'.repeat(inner.length)}${margin}`)}]`;

  const perLine = Math.max(1, Math.floor((lineWidth - indent) / (format.width + 2)));
  const lines: string[] = [];
  for (let i = 0; i < items.length; i += perLine) lines.push(items.slice(i, i + perLine).join(', '));
  return `[${lines.join(`,\n${margin}`)}]`;
}

/**
 * Only numbers that are neither zero nor infinite nor NaN have a say: whole ones are written `1.`, others `1.0000`, and all of
 * them `1.0000e+00` when some are very large, very small, or too far apart. `sciMode` overrules that where a number has a say, but
 * not the width, which torch has worked out before.
 */
function chooseFormat(values: readonly number[], { precision, sciMode }: PrintStyle): ElementFormat {
  const telling = values.filter((value) => value !== 0 && Number.isFinite(value));
  const smallest = telling.reduce((least, value) => Math.min(least, Math.abs(value)), Number.POSITIVE_INFINITY);
  const largest = telling.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const whole = telling.every(Number.isInteger);
  const scientific = largest / smallest > 1000 || largest > 1e8 || (!whole && smallest < 1e-4);

  const plain = whole ? integral : fixed;
  const measure = scientific ? exponential : plain;
  const write = telling.length > 0 && (sciMode ?? scientific) ? exponential : plain;
  const width = telling.reduce((widest, value) => Math.max(widest, measure(value, precision).length), 1);
  return {
    width,
    format: (element) => {
      const value = Number(element);
      return (Number.isFinite(value) ? write(value, precision) : nonFinite(value)).padStart(width);
    },
  };
}

/** Integers and bools, each as it is. */
function wholeFormat(values: readonly Element[], write: (value: Element) => string): ElementFormat {
  const width = values.reduce<number>((widest, value) => Math.max(widest, write(value).length), 0);
  return { width, format: (value) => write(value).padStart(width) };
}

function nonFinite(value: number): string {
  return Number.isNaN(value) ? 'nan' : value > 0 ? 'inf' : '-inf';
}

/** `1.`, `-0.` */
function integral(value: number): string {
  return `${sign(value)}${BigInt(Math.abs(value))}.`;
}

/** `%.4f` of C, where the precision is 4. */
function fixed(value: number, precision: number): string {
  const magnitude = Math.abs(value);
  // From here on toFixed() writes an exponent; there are no fractions any more.
  if (magnitude >= 1e21) {
    return `${sign(value)}${BigInt(magnitude)}${precision > 0 ? `.${'0'.repeat(precision)}` : ''}`;
  }
  const rounded = magnitude.toFixed(precision);
  // With precision 4, only odd multiples of 1/32 have a fifth decimal of 5 and none after it.
  const halfway = (magnitude * 2 ** (precision + 1)) % 2 === 1;
  const exact = magnitude.toFixed(precision + 1);
  return sign(value) + (halfway ? toEven(exact.slice(0, precision > 0 ? -1 : -2), rounded) : rounded);
}

/** `%.4e` of C, where the precision is 4. */
function exponential(value: number, precision: number): string {
  const magnitude = Math.abs(value);
  const [rounded, exponent] = magnitude.toExponential(precision).split('e') as [string, string];
  // That many digits tell a number that lies exactly halfway from one that is only near.
  const [digits] = magnitude.toExponential(100).split('e') as [string, string];
  const rest = digits.replace('.', '').slice(precision + 1);
  const text = /^50*$/.test(rest) ? toEven(digits.slice(0, rounded.length), rounded) : rounded;
  return `${sign(value)}${text}e${exponent[0]}${exponent.slice(1).padStart(2, '0')}`;
}

/** A number halfway between two texts: JavaScript takes the larger one, C the one that ends in an even digit. */
function toEven(smaller: string, larger: string): string {
  return Number(smaller.at(-1)) % 2 === 0 ? smaller : larger;
}

function sign(value: number): string {
  return value < 0 || Object.is(value, -0) ? '-' : '';
}
