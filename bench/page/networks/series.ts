import type * as Plot from '@observablehq/plot';
import type { WayId } from '../../networks/results.ts';

/** What a comparison shows of a way: its own shape and colour, so that neither alone must tell them apart. */
export interface WaySeries {
  readonly way: WayId;
  readonly name: string;
  readonly symbol: Plot.SymbolType;
  /** The same shape as a character, for a legend in text. */
  readonly glyph: string;
  /** The CSS variable of its colour. */
  readonly colour: string;
  readonly isHollow?: true;
}

/** All ways but the one that they are compared with. */
export const SERIES: readonly WaySeries[] = [
  { way: 'fast', name: 'conv1d, compiled, fast', symbol: 'diamond', glyph: '◆', colour: 'ours' },
  { way: 'eager', name: 'conv1d, layer by layer', symbol: 'circle', glyph: '○', colour: 'ours', isHollow: true },
  { way: 'onnxruntime', name: 'onnxruntime', symbol: 'circle', glyph: '●', colour: 'onnxruntime' },
  { way: 'pytorch', name: 'PyTorch (Debian)', symbol: 'square', glyph: '■', colour: 'pytorch' },
];
