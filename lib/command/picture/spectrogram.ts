import { interpolateMagma } from 'd3-scale-chromatic';
import { rangeError } from '../../check/errors.ts';
import { formatShape } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { type Color, Raster } from './raster.ts';
import { ticks } from './ticks.ts';

/** What the rows and columns of features stand for. */
export interface FeatureAxes {
  /**
   * Whether the first half of the channels holds the real and the second half the imaginary parts of frequencies evenly
   * spaced from 0 to Nyquist. Otherwise every channel is a row of its own.
   */
  complexPairs: boolean;
  /** Samples per second of the input; null when it is not known, and the axes count samples. */
  sampleRate: number | null;
  /** Input samples from one feature to the next. */
  hop: number;
  /** The input sample in the middle of the first feature's window. */
  center: number;
}

/** The values along one side of the picture, from its first pixel's edge to its last pixel's. */
interface Axis {
  label: string;
  from: number;
  to: number;
  /** Ticks are at least this far apart. */
  minStep: number;
}

/** A side of the picture in pixels: `cells` values of `scale` pixels each. */
interface Side {
  cells: number;
  scale: number;
  pixels: number;
}

const BACKGROUND: Color = [255, 255, 255];
const INK: Color = [64, 64, 64];
/** For values that are not finite: not a colour of the map. */
const NO_COLOR: Color = [128, 160, 160];
const COLORS: readonly Color[] = Array.from({ length: 256 }, (_, i) => parseColor(interpolateMagma(i / 255)));

/** How far below the largest magnitude the darkest colour lies. */
const DECIBELS = 80;
/** The features take whole pixels each, up to this size together; beyond it we average. */
const MAX_WIDTH = 1240;
const MAX_HEIGHT = 420;
const MARGIN = { left: 94, right: 132, top: 20, bottom: 60 };
const COLOR_BAR = { gap: 22, width: 18 };
/** Pixels from the picture to the tick labels, ticks included, and to the axis labels. */
const TICK = 6;
const TICK_LABEL = 12;
const AXIS_LABEL = { below: 44, left: 72, right: 80 };
/** Pixels between ticks, at least: a label has room. */
const TICK_SPACING = { x: 90, y: 44 };

/**
 * Draws features as a picture: time to the right, frequency (or channel) upwards, bright where they are large.
 *
 * It shows complex pairs as their magnitude in dB below the largest one, other features as their absolute value.
 *
 * @param features  (channels, length)
 * @returns         a PNG file of at most 1466 x 500 pixels
 * @throws RangeError ERR_CONV1D_SHAPE  when there is nothing to draw, or complexPairs with an odd number of channels
 */
export function drawSpectrogram(features: Tensor, axes: FeatureAxes): Uint8Array {
  const [channels = 0, length = 0] = features.shape;
  if (features.ndim !== 2 || features.numel === 0) {
    throw rangeError(
      'ERR_CONV1D_SHAPE',
      `a picture needs features of shape (channels, length), not empty, but got ${formatShape(features.shape)}`,
    );
  }
  if (axes.complexPairs && channels % 2 !== 0) {
    throw rangeError(
      'ERR_CONV1D_SHAPE',
      `real and imaginary channels come in pairs, but the features have ${channels} channels`,
    );
  }

  const rows = axes.complexPairs ? channels / 2 : channels;
  const x = side(length, MAX_WIDTH);
  const y = side(rows, MAX_HEIGHT);
  const cells = average(magnitudeOf(features, axes.complexPairs), rows, length, y.cells, x.cells);
  const largest = cells.reduce((max, value) => (Number.isFinite(value) && value > max ? value : max), 0);

  const raster = new Raster(MARGIN.left + x.pixels + MARGIN.right, MARGIN.top + y.pixels + MARGIN.bottom, BACKGROUND);
  drawCells(raster, x, y, (row, column) => {
    const value = cells[row * x.cells + column]!;
    if (!Number.isFinite(value)) return NO_COLOR;
    if (value === 0) return COLORS[0]!;
    const ratio = value / largest;
    return colorAt(axes.complexPairs ? 1 + (20 * Math.log10(ratio)) / DECIBELS : ratio);
  });
  drawTimeAxis(raster, x, y, timeAxis(length, axes));
  drawRowAxis(raster, y, axes.complexPairs ? frequencyAxis(rows, axes.sampleRate) : channelAxis(rows));
  drawColorBar(
    raster,
    x,
    y,
    axes.complexPairs
      ? { label: 'magnitude (dB)', from: -DECIBELS, to: 0, minStep: 20 }
      : { label: 'absolute value', from: 0, to: largest || 1, minStep: 0 },
  );
  return raster.encode();
}

function timeAxis(length: number, { sampleRate, hop, center }: FeatureAxes): Axis {
  const unit = sampleRate ?? 1;
  return {
    label: sampleRate === null ? 'time (samples)' : 'time (s)',
    from: (center - hop / 2) / unit,
    to: (center + (length - 0.5) * hop) / unit,
    minStep: sampleRate === null ? 1 : 0,
  };
}

function frequencyAxis(rows: number, sampleRate: number | null): Axis {
  const nyquist = (sampleRate ?? 1) / 2;
  const [label, unit] =
    sampleRate === null
      ? ['frequency (cycles/sample)', 1]
      : nyquist < 2000
        ? ['frequency (Hz)', 1]
        : ['frequency (kHz)', 1000];
  const step = nyquist / unit / Math.max(1, rows - 1);
  return { label, from: -step / 2, to: (rows - 0.5) * step, minStep: 0 };
}

function channelAxis(rows: number): Axis {
  return { label: 'channel', from: -0.5, to: rows - 0.5, minStep: 1 };
}

function side(count: number, maximum: number): Side {
  const cells = Math.min(count, maximum);
  const scale = Math.floor(maximum / cells);
  return { cells, scale, pixels: cells * scale };
}

/** The magnitude at (row, column) of features (channels, length). */
function magnitudeOf(features: Tensor, complexPairs: boolean): (row: number, column: number) => number {
  const data = features.data;
  const length = features.shape[1]!;
  if (!complexPairs) return (row, column) => Math.abs(data[row * length + column]!);
  const half = data.length / 2;
  return (row, column) => Math.hypot(data[row * length + column]!, data[half + row * length + column]!);
}

/** The means of blocks of values, row by row; a block is a single value where nothing has to shrink. */
function average(
  valueAt: (row: number, column: number) => number,
  rows: number,
  columns: number,
  cellRows: number,
  cellColumns: number,
): Float64Array {
  const sums = new Float64Array(cellRows * cellColumns);
  for (let i = 0; i < cellRows; i++) {
    const [top, bottom] = [Math.floor((i * rows) / cellRows), Math.floor(((i + 1) * rows) / cellRows)];
    for (let j = 0; j < cellColumns; j++) {
      const [left, right] = [Math.floor((j * columns) / cellColumns), Math.floor(((j + 1) * columns) / cellColumns)];
      let sum = 0;
      for (let row = top; row < bottom; row++) {
        for (let column = left; column < right; column++) sum += valueAt(row, column);
      }
      sums[i * cellColumns + j] = sum / ((bottom - top) * (right - left));
    }
  }
  return sums;
}

function drawCells(raster: Raster, x: Side, y: Side, colorOf: (row: number, column: number) => Color): void {
  raster.fill(MARGIN.left - 1, MARGIN.top - 1, x.pixels + 2, y.pixels + 2, INK);
  for (let row = 0; row < y.cells; row++) {
    const top = MARGIN.top + (y.cells - 1 - row) * y.scale;
    for (let column = 0; column < x.cells; column++) {
      raster.fill(MARGIN.left + column * x.scale, top, x.scale, y.scale, colorOf(row, column));
    }
  }
}

function drawTimeAxis(raster: Raster, x: Side, y: Side, axis: Axis): void {
  const bottom = MARGIN.top + y.pixels;
  for (const tick of ticks(axis.from, axis.to, x.pixels / TICK_SPACING.x, axis.minStep)) {
    const at = MARGIN.left + Math.round(tick.position * x.pixels);
    raster.fill(at, bottom, 1, TICK, INK);
    raster.text(tick.label, at, bottom + TICK_LABEL + TICK, INK, { align: 'center' });
  }
  raster.text(axis.label, MARGIN.left + x.pixels / 2, bottom + AXIS_LABEL.below, INK, { align: 'center' });
}

function drawRowAxis(raster: Raster, y: Side, axis: Axis): void {
  for (const tick of ticks(axis.from, axis.to, y.pixels / TICK_SPACING.y, axis.minStep)) {
    const at = MARGIN.top + Math.round((1 - tick.position) * y.pixels);
    raster.fill(MARGIN.left - TICK, at, TICK, 1, INK);
    raster.text(tick.label, MARGIN.left - TICK_LABEL, at, INK, { align: 'right' });
  }
  const middle = MARGIN.top + y.pixels / 2;
  raster.text(axis.label, MARGIN.left - AXIS_LABEL.left, middle, INK, { align: 'center', upwards: true });
}

function drawColorBar(raster: Raster, x: Side, y: Side, axis: Axis): void {
  const left = MARGIN.left + x.pixels + COLOR_BAR.gap;
  const right = left + COLOR_BAR.width;
  raster.fill(left - 1, MARGIN.top - 1, COLOR_BAR.width + 2, y.pixels + 2, INK);
  for (let i = 0; i < y.pixels; i++) {
    raster.fill(left, MARGIN.top + i, COLOR_BAR.width, 1, colorAt(1 - (i + 0.5) / y.pixels));
  }
  for (const tick of ticks(axis.from, axis.to, y.pixels / TICK_SPACING.y, axis.minStep)) {
    const at = MARGIN.top + Math.round((1 - tick.position) * y.pixels);
    raster.fill(right, at, TICK, 1, INK);
    raster.text(tick.label, right + TICK_LABEL, at, INK);
  }
  const middle = MARGIN.top + y.pixels / 2;
  raster.text(axis.label, right + AXIS_LABEL.right, middle, INK, { align: 'center', upwards: true });
}

/** The colour of a brightness from 0 to 1; what is beyond is clamped. */
function colorAt(brightness: number): Color {
  return COLORS[Math.round(Math.min(1, Math.max(0, brightness)) * 255)]!;
}

/** `#rrggbb`, as d3-scale-chromatic's sampled maps give it. */
function parseColor(hex: string): Color {
  const value = Number.parseInt(hex.slice(1), 16);
  return [value >> 16, (value >> 8) & 255, value & 255];
}
