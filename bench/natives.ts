/**
 * What the best native kernels need for the layers, in milliseconds on one thread: measured once beside a peak of
 * {@link NATIVE_PEAK} GFLOP/s, and scaled by the peak that the harness finds. `blocked` is oneDNN in a layout of its own
 * choice, converted for free; `ncl` is oneDNN on (N, C, L), as we are; LIBXSMM is the BRGEMM recipe of arXiv 2104.08002,
 * for stride 1, on an input that is padded already.
 */
export interface NativeTimes {
  readonly mflop: number;
  readonly blocked: number;
  readonly ncl: number;
  readonly libxsmm: number | null;
}

/** FMA peak of a core, float32, when the times below were taken. */
export const NATIVE_PEAK = 187;

/** The kind of machine on which they were taken: a peak carries times over to another core of the same kind, not to one of another maker. */
export const NATIVE_MACHINE = /Intel.*Xeon/;

export const NATIVE: Readonly<Record<string, NativeTimes>> = {
  seed: { mflop: 0.001, blocked: 0.001, ncl: 0.0016, libxsmm: 0.0002 },
  'wav2vec2 L0': { mflop: 32.8, blocked: 0.401, ncl: 1.448, libxsmm: null },
  'wav2vec2 L1': { mflop: 2515, blocked: 14.4, ncl: 17.8, libxsmm: null },
  'wav2vec2 pos': { mflop: 472, blocked: 1.6, ncl: 1.66, libxsmm: null },
  'whisper 1': { mflop: 553, blocked: 3.04, ncl: 3.82, libxsmm: 3.53 },
  'whisper 2': { mflop: 1327, blocked: 7.3, ncl: 8.28, libxsmm: null },
  'hifigan 256': { mflop: 734, blocked: 3.98, ncl: 4.26, libxsmm: 4.57 },
  'hifigan 64': { mflop: 1153, blocked: 6.77, ncl: 7.47, libxsmm: 6.61 },
  'hifigan 32': { mflop: 157, blocked: 0.876, ncl: 1.51, libxsmm: 1.08 },
  wavenet: { mflop: 508, blocked: 3.11, ncl: 5.03, libxsmm: 3.96 },
  tcn: { mflop: 137, blocked: 1.09, ncl: 1.36, libxsmm: 0.749 },
  'tasnet 1x1': { mflop: 524, blocked: 2.92, ncl: 3.59, libxsmm: 4.36 },
  'tasnet dw': { mflop: 12.3, blocked: 3.0, ncl: 2.98, libxsmm: null },
  'conformer dw': { mflop: 15.9, blocked: 0.161, ncl: 0.388, libxsmm: null },
  'quartznet dw': { mflop: 108, blocked: 1.2, ncl: 2.88, libxsmm: null },
  'mamba dw': { mflop: 6.3, blocked: 0.229, ncl: 1.07, libxsmm: null },
  m5: { mflop: 649, blocked: 3.53, ncl: 8.11, libxsmm: null },
  ecg: { mflop: 2689, blocked: 15.1, ncl: 17.0, libxsmm: 15.9 },
  atacworks: { mflop: 1377, blocked: 15.0, ncl: 15.9, libxsmm: 7.64 },
  basenji: { mflop: 1284, blocked: 7.39, ncl: 21.6, libxsmm: 9.48 },
  sincnet: { mflop: 633, blocked: 3.37, ncl: 4.43, libxsmm: 3.55 },
  'encodec out': { mflop: 10.8, blocked: 0.951, ncl: 1.3, libxsmm: 0.184 },
  small: { mflop: 50.3, blocked: 0.291, ncl: 0.556, libxsmm: 0.282 },
};
