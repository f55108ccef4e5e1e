/** What printing reads of a tensor. */
export interface Printable {
  readonly shape: readonly number[];
  readonly ndim: number;
  readonly numel: number;
  readonly dtype: string;
  readonly requiresGrad: boolean;
  at(index: number): Printable;
  item(): number;
}

/** torch's default print options. */
const PRECISION = 4;
const THRESHOLD = 1000;
const EDGE_ITEMS = 3;
const LINE_WIDTH = 80;

const PREFIX = 'tensor(';
const INDENT = PREFIX.length;

/** The elements that are shown, nested as the brackets are. */
type Shown = number | readonly Shown[];

/** Writes numbers in the one notation that torch picks for a whole tensor. */
interface NumberFormat {
  /** The columns of the longest number; shorter ones are padded on the left. */
  readonly width: number;
  format(value: number): string;
}

/**
 * A tensor as torch prints it, with its default print options: one notation for all numbers, chosen from those that are shown;
 * rows wrapped at 80 columns; three elements at each end of a dimension when there are more than 1000 in all.
 *
 * @throws TypeError ERR_CONV1D_DETACHED  when the tensor's memory is gone
 */
export function formatTensor(tensor: Printable): string {
  if (tensor.numel === 0) return addSuffixes(`${PREFIX}[]`, suffixes(tensor));
  const summarise = tensor.numel > THRESHOLD;
  const shown = pick(tensor, summarise);
  const numbers = chooseFormat(flatten(shown));
  return addSuffixes(PREFIX + layOut(shown, tensor.shape, summarise, INDENT, numbers), suffixes(tensor));
}

/** What follows the elements. */
function suffixes(tensor: Printable): string[] {
  const found: string[] = [];
  if (tensor.numel === 0 && tensor.ndim !== 1) found.push(`size=(${tensor.shape.join(', ')})`);
  if (tensor.dtype !== 'float32') found.push(`dtype=torch.${tensor.dtype}`);
  if (tensor.requiresGrad) found.push('requires_grad=True');
  return found;
}

/** Suffixes go on the last line, or on lines of their own where that would grow too long. */
function addSuffixes(text: string, suffixes: readonly string[]): string {
  let result = text;
  // torch counts two columns too many for the elements' last line, so a suffix may move to the next line early.
  let column = text.length - text.lastIndexOf('\n') + 1;
  for (const suffix of suffixes) {
    if (column + suffix.length + 2 > LINE_WIDTH) {
      result += `,\n${' '.repeat(INDENT)}${suffix}`;
      column = INDENT + suffix.length;
    } else {
      result += `, ${suffix}`;
      column += suffix.length + 2;
    }
  }
  return `${result})`;
}

function hasGap(size: number, summarise: boolean): boolean {
  return summarise && size > 2 * EDGE_ITEMS;
}

function pick(tensor: Printable, summarise: boolean): Shown {
  if (tensor.ndim === 0) return tensor.item();
  const size = tensor.shape[0]!;
  const count = hasGap(size, summarise) ? 2 * EDGE_ITEMS : size;
  return Array.from({ length: count }, (_, i) =>
    pick(tensor.at(count < size && i >= EDGE_ITEMS ? size - count + i : i), summarise),
  );
}

function flatten(shown: Shown): readonly number[] {
  return typeof shown === 'number' ? [shown] : shown.flatMap(flatten);
}

/** The brackets; `indent` is the column of the opening one. */
function layOut(
  shown: Shown,
  shape: readonly number[],
  summarise: boolean,
  indent: number,
  numbers: NumberFormat,
): string {
  if (typeof shown === 'number') return numbers.format(shown);
  const [size, ...inner] = shape;
  const items = shown.map((item) => layOut(item, inner, summarise, indent + 1, numbers));
  const isRow = inner.length === 0;
  // In a row torch counts the gap as one more number and sets a space before it.
  if (hasGap(size!, summarise)) items.splice(EDGE_ITEMS, 0, isRow ? ' ...' : '...');
  const margin = ' '.repeat(indent + 1);
  if (!isRow) return `[${items.join(`,${'\n'.repeat(inner.length)}${margin}`)}]`;

  const perLine = Math.max(1, Math.floor((LINE_WIDTH - indent) / (numbers.width + 2)));
  const lines: string[] = [];
  for (let i = 0; i < items.length; i += perLine) lines.push(items.slice(i, i + perLine).join(', '));
  return `[${lines.join(`,\n${margin}`)}]`;
}

/**
 * Only numbers that are neither zero nor infinite nor NaN have a say: torch writes whole ones as `1.`, others as `1.0000`, and all of
 * them `1.0000e+00` when some are very large, very small, or too far apart.
 */
function chooseFormat(values: readonly number[]): NumberFormat {
  const telling = values.filter((value) => value !== 0 && Number.isFinite(value));
  const smallest = telling.reduce((least, value) => Math.min(least, Math.abs(value)), Number.POSITIVE_INFINITY);
  const largest = telling.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const whole = telling.every(Number.isInteger);
  const scientific = largest / smallest > 1000 || largest > 1e8 || (!whole && smallest < 1e-4);

  const write = scientific ? exponential : whole ? integral : fixed;
  const width = telling.reduce((widest, value) => Math.max(widest, write(value).length), 1);
  return {
    width,
    format: (value) => (Number.isFinite(value) ? write(value) : nonFinite(value)).padStart(width),
  };
}

function nonFinite(value: number): string {
  return Number.isNaN(value) ? 'nan' : value > 0 ? 'inf' : '-inf';
}

/** `1.`, `-0.` */
function integral(value: number): string {
  return `${sign(value)}${Math.abs(value)}.`;
}

/** `%.4f` of C, for numbers up to 1e8. */
function fixed(value: number): string {
  const magnitude = Math.abs(value);
  const rounded = magnitude.toFixed(PRECISION);
  // Only odd multiples of 1/32 have a fifth decimal of 5 and none after it.
  const halfway = (magnitude * 32) % 2 === 1;
  const text = halfway ? toEven(magnitude.toFixed(PRECISION + 1), rounded) : rounded;
  return sign(value) + text;
}

/** `%.4e` of C. */
function exponential(value: number): string {
  const magnitude = Math.abs(value);
  const [rounded, exponent] = magnitude.toExponential(PRECISION).split('e') as [string, string];
  // So many digits tell a number that lies exactly halfway from one that is only near.
  const [digits] = magnitude.toExponential(60).split('e') as [string, string];
  const halfway = /^\d\.\d{4}50*$/.test(digits);
  const text = halfway ? toEven(digits.slice(0, rounded.length + 1), rounded) : rounded;
  return `${sign(value)}${text}e${exponent[0]}${exponent.slice(1).padStart(2, '0')}`;
}

/** A number halfway between two texts: JavaScript takes the larger one, C the one that ends in an even digit. */
function toEven(exact: string, larger: string): string {
  const smaller = exact.slice(0, -1);
  return Number(smaller.at(-1)) % 2 === 0 ? smaller : larger;
}

function sign(value: number): string {
  return value < 0 || Object.is(value, -0) ? '-' : '';
}
