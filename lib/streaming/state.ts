import { rangeError, typeError } from '../check/errors.ts';
import { isPlainObject, refuseUnknownOptions } from '../check/unknownOption.ts';
import { boolean, describe, integer, isArray } from '../check/validate.ts';
import type { Conv1dParameters, PaddingMode } from '../convolution/parameters.ts';
import { littleEndianBytes, reorder } from '../io/elements.ts';
import { allocate } from '../tensor/allocate.ts';
import type { FloatArray, FloatDtype } from '../tensor/dtype.ts';
import { formatShape } from '../tensor/shape.ts';
import { carriedAt, leadAfter, recentAt } from './position.ts';

/** The version of {@link StreamState} that this library writes and reads. */
const VERSION = 2;

/**
 * Where a stream stands: a plain object that survives `JSON.stringify` and `structuredClone`. It holds what the next outputs
 * depend on besides the weights, and what tells whether it belongs to a layer.
 *
 * @category Layer
 */
export interface StreamState {
  readonly version: typeof VERSION;
  readonly dtype: FloatDtype;
  readonly batch: number;
  readonly inChannels: number;
  readonly kernelSize: number;
  readonly stride: number;
  readonly dilation: number;
  readonly padding: readonly [left: number, right: number];
  readonly paddingMode: PaddingMode;
  /** The inputs of a row so far. */
  readonly received: number;
  /** Whether the last chunk was one of a single signal, (inChannels, L). */
  readonly unbatched: boolean;
  /** Whether `flush` was called. */
  readonly ended: boolean;
  /** (batch, inChannels, carried): the inputs that are needed again, as little-endian numbers in base64; exact for NaN too. */
  readonly carried: string;
  /** The same for the last inputs, of which paddings that repeat inputs are still to be made; empty for others. */
  readonly recent: string;
}

/** What a state says that its layer and batch do not. */
export interface Standing {
  readonly received: number;
  readonly unbatched: boolean;
  readonly ended: boolean;
  readonly carried: FloatArray;
  readonly recent: FloatArray;
}

/** The state of a stream of this layer that stands there. */
export function makeState(parameters: Conv1dParameters, batch: number, standing: Standing): StreamState {
  const { received, unbatched, ended } = standing;
  const [carried, recent] = [encode(standing.carried), encode(standing.recent)];
  return { ...signatureOf(parameters, batch), received, unbatched, ended, carried, recent };
}

/**
 * Checks the argument of `setState`; reads every property once.
 *
 * @throws TypeError  ERR_CONV1D_TYPE    when the state or a property is of the wrong kind
 * @throws TypeError  ERR_CONV1D_OPTION  when a property's name is unknown
 * @throws RangeError ERR_CONV1D_VALUE   when a property is out of range, or of another layer, batch or version
 * @throws RangeError ERR_CONV1D_SHAPE   when what is carried is longer or shorter than `received` says
 */
export function readState(parameters: Conv1dParameters, batch: number, state: unknown): Standing {
  if (!isPlainObject(state)) {
    throw typeError('ERR_CONV1D_TYPE', `setState(): the state must be a plain object, but got ${describe(state)}`);
  }
  const signature = signatureOf(parameters, batch);
  refuseUnknownOptions(state, [...Object.keys(signature), ...STANDING], 'setState');
  for (const [name, expected] of Object.entries(signature)) requireSame(name, state[name], expected);

  const received = integer(state.received, 'setState(): received');
  if (received < 0 || !Number.isSafeInteger(parameters.padLeft + received)) {
    throw rangeError('ERR_CONV1D_VALUE', `setState(): received must not be negative or near 2^53, but got ${received}`);
  }
  const unbatched = boolean(state.unbatched, 'setState(): unbatched');
  if (unbatched && batch !== 1) {
    throw rangeError('ERR_CONV1D_VALUE', `setState(): a stream of ${batch} rows cannot be unbatched`);
  }
  const ended = boolean(state.ended, 'setState(): ended');
  const { paddingMode, padLeft, padRight } = parameters;
  if (ended && paddingMode === 'reflect' && received > 0 && received <= Math.max(padLeft, padRight)) {
    throw rangeError(
      'ERR_CONV1D_VALUE',
      `setState(): a signal of ${received} inputs cannot have ended: its padding is wider`,
    );
  }
  const rows = batch * parameters.inChannels;
  const length = carriedAt(parameters, received, leadAfter(parameters, received));
  const carried = decode('carried', state.carried, parameters.dtype, rows * length);
  const recent = decode('recent', state.recent, parameters.dtype, rows * recentAt(parameters, received));
  return { received, unbatched, ended, carried, recent };
}

const STANDING = ['received', 'unbatched', 'ended', 'carried', 'recent'] as const satisfies readonly (keyof Standing)[];

type Signature = Omit<StreamState, keyof Standing>;

function signatureOf(parameters: Conv1dParameters, batch: number): Signature {
  const { dtype, inChannels, kernelSize, stride, dilation, padLeft, padRight, paddingMode } = parameters;
  const padding = [padLeft, padRight] as const;
  return { version: VERSION, dtype, batch, inChannels, kernelSize, stride, dilation, padding, paddingMode };
}

function requireSame(name: string, given: unknown, expected: Signature[keyof Signature]): void {
  if (given === undefined) {
    throw rangeError('ERR_CONV1D_VALUE', `setState(): the state has no ${name}; give what getState() returned`);
  }
  if (typeof expected === 'object') {
    if (isArray(given) && given.length === 2 && given[0] === expected[0] && given[1] === expected[1]) return;
    throw rangeError('ERR_CONV1D_VALUE', `setState(): ${name} must be that of the layer, ${formatShape(expected)}`);
  }
  if (given === expected) return;
  const what = name === 'version' ? 'this library reads' : name === 'batch' ? 'this stream has' : 'the layer has';
  throw rangeError(
    'ERR_CONV1D_VALUE',
    `setState(): ${what} ${name} ${expected}, but the state has ${describe(given)}; make the stream as it was made then`,
  );
}

/** Numbers as text. */
export function encode(values: FloatArray): string {
  try {
    return Buffer.concat(littleEndianBytes(values)).toString('base64');
  } catch {
    throw rangeError('ERR_CONV1D_MEMORY', `the ${values.byteLength} bytes that are carried are too many for a string`);
  }
}

/** Numbers of text that says so many. */
export function decode(name: string, text: unknown, dtype: FloatDtype, length: number): FloatArray {
  if (typeof text !== 'string') {
    throw typeError('ERR_CONV1D_TYPE', `setState(): ${name} must be a string, but got ${describe(text)}`);
  }
  const elementSize = dtype === 'float32' ? 4 : 8;
  const bytes = Buffer.from(text, 'base64');
  // Node skips what is no base64.
  if (bytes.length !== length * elementSize || bytes.toString('base64') !== text) {
    throw rangeError(
      'ERR_CONV1D_SHAPE',
      `setState(): ${name} must be ${length} elements of ${dtype} in base64, but is ${describe(text)}`,
    );
  }
  const values = allocate(dtype, length);
  const memory = new Uint8Array(values.buffer);
  memory.set(bytes);
  reorder(memory, elementSize, 'LE');
  return values;
}
