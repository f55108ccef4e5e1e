import { rangeError, typeError } from '../check/errors.ts';
import { refuseUnknownOptions } from '../check/unknownOption.ts';
import { boolean, describe, integer } from '../check/validate.ts';

/**
 * How tensors are printed: the options of `torch.set_printoptions`.
 *
 * @category Tensors
 */
export interface PrintOptions {
  /** Digits after the point, 0 to 60. Default 4. */
  precision?: number | undefined;
  /** Tensors of more elements than this are summarised; `Infinity` shows all of any tensor. Default 1000. */
  threshold?: number | undefined;
  /** How many elements a summary shows at each end of a dimension, 1 or more. Default 3. */
  edgeItems?: number | undefined;
  /** The columns of a line, 1 or more. Default 80. */
  lineWidth?: number | undefined;
  /** Whether numbers are written as `1.0000e+00`. Left out, each tensor's numbers decide, whatever an earlier call said, as in torch. */
  sciMode?: boolean | undefined;
  /** Begins with torch's values of that name: `'short'` has precision 2 and edgeItems 2, `'full'` has threshold Infinity. */
  profile?: 'default' | 'short' | 'full' | undefined;
}

/** The options in force. */
export interface PrintStyle {
  readonly precision: number;
  readonly threshold: number;
  readonly edgeItems: number;
  readonly lineWidth: number;
  /** Undefined: each tensor's numbers decide. */
  readonly sciMode: boolean | undefined;
}

const DEFAULT: PrintStyle = { precision: 4, threshold: 1000, edgeItems: 3, lineWidth: 80, sciMode: undefined };

const PROFILES: Readonly<Record<NonNullable<PrintOptions['profile']>, PrintStyle>> = {
  default: DEFAULT,
  short: { ...DEFAULT, precision: 2, edgeItems: 2 },
  full: { ...DEFAULT, threshold: Number.POSITIVE_INFINITY },
};

const NAMES = ['precision', 'threshold', 'edgeItems', 'lineWidth', 'sciMode', 'profile'] as const;

/** JavaScript writes 100 digits; the others tell a number halfway between two texts from one that is only near. */
const MAX_PRECISION = 60;

let style = DEFAULT;

/** The options in force now. */
export function printStyle(): PrintStyle {
  return style;
}

/**
 * Says how tensors are printed from now on, in this thread: `torch.set_printoptions`. What is left out stays as it is, except
 * `sciMode`, which goes back to automatic, as in torch.
 *
 * @param options  precision 4, threshold 1000, edgeItems 3, lineWidth 80 and automatic sciMode at the start; `profile: 'default'` brings them back
 * @throws TypeError ERR_CONV1D_TYPE    when an option is of the wrong kind
 * @throws TypeError ERR_CONV1D_OPTION  when an option's name is unknown
 * @throws RangeError ERR_CONV1D_VALUE  when a number is out of range, or there is no such profile
 * @example
 * setPrintOptions({ precision: 2 });
 * tensor([0.12345, 1]);   // tensor([0.12, 1.00])
 * setPrintOptions({ profile: 'default' });
 * @category Tensors
 */
export function setPrintOptions(options: PrintOptions): void {
  refuseUnknownOptions(options, NAMES, 'setPrintOptions');
  const { precision, threshold, edgeItems, lineWidth, sciMode, profile } = options;
  const from = profile === undefined ? style : readProfile(profile);
  style = {
    precision: precision === undefined ? from.precision : count(precision, 'precision', 0, MAX_PRECISION),
    threshold: threshold === undefined ? from.threshold : readThreshold(threshold),
    edgeItems: edgeItems === undefined ? from.edgeItems : count(edgeItems, 'edgeItems', 1),
    lineWidth: lineWidth === undefined ? from.lineWidth : count(lineWidth, 'lineWidth', 1),
    sciMode: sciMode === undefined ? undefined : boolean(sciMode, 'setPrintOptions(): sciMode'),
  };
}

function count(value: unknown, name: string, least: number, most = Number.MAX_SAFE_INTEGER): number {
  const found = integer(value, `setPrintOptions(): ${name}`);
  if (found >= least && found <= most) return found;
  const range = most === Number.MAX_SAFE_INTEGER ? `${least} or more` : `${least} to ${most}`;
  throw rangeError('ERR_CONV1D_VALUE', `setPrintOptions(): ${name} must be ${range}, but got ${found}`);
}

function readThreshold(value: unknown): number {
  return value === Number.POSITIVE_INFINITY ? Number.POSITIVE_INFINITY : count(value, 'threshold', 0);
}

function readProfile(value: unknown): PrintStyle {
  if (typeof value === 'string' && Object.hasOwn(PROFILES, value)) return PROFILES[value as keyof typeof PROFILES];
  const sentence = `setPrintOptions(): profile must be 'default', 'short' or 'full', but got ${describe(value)}`;
  throw typeof value === 'string' ? rangeError('ERR_CONV1D_VALUE', sentence) : typeError('ERR_CONV1D_TYPE', sentence);
}
