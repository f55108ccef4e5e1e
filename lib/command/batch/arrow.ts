import { elementsOf } from '../../tensor/arguments.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { loadOptional } from '../optionalPackage.ts';

/** Where the steps of features lie in time. */
export interface StepTimes {
  /** Samples per second; null where that is unknown. */
  readonly sampleRate: number | null;
  /** Samples from one step to the next. */
  readonly hop: number;
  /** The sample that the first step is centred on. */
  readonly center: number;
}

/**
 * Features as an Arrow IPC file (Feather 2), one row for each step in time:
 *
 *     item      int32                        which item of the batch; 0 for a single signal
 *     step      int32                        which step of the item
 *     time      float64, or null             seconds from the start of the recording to the centre of the step's window
 *     features  fixed_size_list<float>[C]    all channels of the step; of double for a float64 layer
 *
 * A row is what a model or a query takes: one vector. A column for each channel would be hundreds of columns of a name each, and whoever
 * reads a row for each channel would have to turn it first.
 *
 * @param features  (channels, length) or (batch, channels, length)
 * @throws Error ERR_CONV1D_DEPENDENCY  when the package apache-arrow is not installed
 */
export async function encodeArrow(features: Tensor, { sampleRate, hop, center }: StepTimes): Promise<Uint8Array[]> {
  const arrow = await loadArrow();
  const [channels, length] = features.shape.slice(-2) as [number, number];
  const batch = features.ndim === 3 ? features.shape[0]! : 1;
  const rows = batch * length;

  const items = new Int32Array(rows);
  const steps = new Int32Array(rows);
  const times = new Float64Array(rows);
  for (let row = 0; row < rows; row++) {
    const step = row % length;
    items[row] = (row - step) / length;
    steps[row] = step;
    times[row] = (step * hop + center) / (sampleRate ?? 1);
  }
  const elements = transposed(elementsOf(features), batch, channels, length);
  const element = features.dtype === 'float32' ? new arrow.Float32() : new arrow.Float64();
  const vector = new arrow.FixedSizeList(channels, new arrow.Field('channel', element, false));

  const fields = [
    new arrow.Field('item', new arrow.Int32(), false),
    new arrow.Field('step', new arrow.Int32(), false),
    new arrow.Field('time', new arrow.Float64(), true),
    new arrow.Field('features', vector, false),
  ];
  const metadata = new Map([['conv1d.shape', JSON.stringify(features.shape)]]);
  if (sampleRate !== null) metadata.set('conv1d.sample_rate', String(sampleRate));
  const unknown = { nullCount: rows, nullBitmap: new Uint8Array(Math.ceil(rows / 64) * 8) };
  const children = [
    arrow.makeData({ type: new arrow.Int32(), length: rows, data: items }),
    arrow.makeData({ type: new arrow.Int32(), length: rows, data: steps }),
    arrow.makeData({ type: new arrow.Float64(), length: rows, data: times, ...(sampleRate === null ? unknown : {}) }),
    arrow.makeData({
      type: vector,
      length: rows,
      child: arrow.makeData({ type: element, length: rows * channels, data: elements }),
    }),
  ];
  const schema = new arrow.Schema(fields, metadata);
  const struct = arrow.makeData({ type: new arrow.Struct(fields), length: rows, children });
  return [arrow.tableToIPC(new arrow.Table(new arrow.RecordBatch(schema, struct)), 'file')];
}

/**
 * Loads the package that writes Arrow files. It is optional: it is larger than this library, and most write .npy.
 *
 * @throws Error ERR_CONV1D_DEPENDENCY  when it is not installed, with the command that installs it
 */
export function loadArrow(): Promise<typeof import('apache-arrow')> {
  return loadOptional('apache-arrow', () => import('apache-arrow'), 'Arrow files need', 'apache-arrow');
}

/** How many channels and steps it turns at a time: both ends then stay in the cache. */
const BLOCK = 32;

/** (batch, channels, length) as (batch, length, channels). */
function transposed<T extends Float32Array | Float64Array>(
  from: T,
  batch: number,
  channels: number,
  length: number,
): T {
  const to = new (from.constructor as new (length: number) => T)(from.length);
  for (let item = 0; item < batch; item++) {
    const origin = item * channels * length;
    for (let c0 = 0; c0 < channels; c0 += BLOCK) {
      const c1 = Math.min(c0 + BLOCK, channels);
      for (let l0 = 0; l0 < length; l0 += BLOCK) {
        const l1 = Math.min(l0 + BLOCK, length);
        for (let c = c0; c < c1; c++) {
          for (let l = l0; l < l1; l++) to[origin + l * channels + c] = from[origin + c * length + l]!;
        }
      }
    }
  }
  return to;
}
