import { counted, type Figure, meanOf, times } from './figures.ts';

/** One promise about speed, and what the harness measured. */
export interface Bar {
  readonly group: string;
  readonly text: string;
  readonly figure: string;
  readonly ok: boolean;
  /** Aimed at, not promised: `--assert` lets it fail. */
  readonly stretch?: true;
}

/** No figure is above the bar. */
export function most(group: string, text: string, figures: readonly Figure[], bar: number): Bar {
  const failing = figures.filter(({ value }) => !(value <= bar)).sort((a, b) => b.value - a.value);
  return { group, text, figure: list(failing, figures, Math.max, bar), ok: failing.length === 0 };
}

/** No figure is below the bar. */
export function least(group: string, text: string, figures: readonly Figure[], bar: number): Bar {
  const failing = figures.filter(({ value }) => !(value >= bar)).sort((a, b) => a.value - b.value);
  return { group, text, figure: list(failing, figures, Math.min, bar), ok: failing.length === 0 };
}

/** Compares the geometric mean of the shortest times with the bar, and names that of the medians beside it, where the results have medians. */
export function meanBar(
  group: string,
  text: string,
  { shortest, medians }: { readonly shortest: readonly Figure[]; readonly medians: readonly Figure[] },
  holds: (mean: number) => boolean,
  bar: number,
): Bar {
  const mean = meanOf(shortest);
  const beside = counted(medians).length === 0 ? '' : `; of medians ${meanOf(medians).toFixed(2)}x`;
  return { group, text, figure: `${times(mean, bar)}${beside}`, ok: holds(mean) };
}

/** What fails; when nothing does, what comes nearest to it. */
function list(
  failing: readonly Figure[],
  all: readonly Figure[],
  pick: (...values: number[]) => number,
  bar: number,
): string {
  if (failing.length > 0) return failing.map(({ name, value }) => `${name} ${times(value, bar)}`).join(', ');
  const worst = pick(...all.map(({ value }) => value));
  return `${times(worst, bar)} (${all.find(({ value }) => value === worst)!.name})`;
}
