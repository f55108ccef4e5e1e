import type * as Plot from '@observablehq/plot';
import { type Figure, ratios, timeRatios } from '../../figures.ts';
import { isasOf, ours, type Results, type Run } from '../../results.ts';

/** What a comparison shows of an implementation: its own shape and colour, so that neither alone must tell them apart. */
export interface Series {
  readonly name: string;
  readonly note: string;
  readonly symbol: Plot.SymbolType;
  /** The same shape as a character, for a legend in text. */
  readonly glyph: string;
  /** The CSS variable of its colour. */
  readonly colour: string;
  readonly isHollow?: true;
  /** The peers whose version to name. */
  readonly ids: readonly string[];
  /** Its times over those of our direct sum. */
  figures(results: Results, run: Run): readonly Figure[];
}

export const SERIES: readonly Series[] = [
  {
    name: 'conv1d, fast',
    note: '',
    symbol: 'diamond',
    glyph: '◆',
    colour: 'ours',
    ids: [],
    figures: (results, run) => timeRatios(results, ours(run, 'fast'), ours(run)),
  },
  {
    name: 'conv1d on AVX2',
    note: '',
    symbol: 'circle',
    glyph: '○',
    colour: 'ours',
    isHollow: true,
    ids: [],
    figures: (results, run) =>
      isasOf(run)[0] === 'avx2' ? [] : timeRatios(results, ours(run, 'direct', 'avx2'), ours(run)),
  },
  peer('onnxruntime', '(the better of two forms)', 'circle', '●', 'onnxruntime', ['ort', 'ort-h1']),
  peer('PyTorch', '(Debian)', 'square', '■', 'pytorch', ['torch']),
  peer('tfjs wasm', '', 'triangle', '▲', 'tfjs', ['tfjs']),
];

function peer(
  name: string,
  note: string,
  symbol: Plot.SymbolType,
  glyph: string,
  colour: string,
  ids: readonly string[],
): Series {
  return { name, note, symbol, glyph, colour, ids, figures: (results, run) => ratios(results, run, ids) };
}

/** Those that have a time somewhere. */
export function shownSeries(results: Results, run: Run): readonly Series[] {
  return SERIES.filter(({ figures }) => figures(results, run).length > 0);
}

/** `onnxruntime 1.30 (the better of two forms)`. */
export function seriesText({ name, note, ids }: Series, run: Run): string {
  const version = run.peers.find(({ id }) => ids.includes(id))?.version ?? '';
  return [name, /^\d+\.\d+/.exec(version)?.[0] ?? '', note].filter((part) => part !== '').join(' ');
}
