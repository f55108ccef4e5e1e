// What a person sees of it: bars while it runs, and a table at its end.
import { SingleBar } from 'cli-progress';
import { balancedAccuracy, type Counts, LEVELS, together } from './evaluation.ts';

export interface Bar {
  show(done: number, note?: string): void;
  stop(): void;
}

/** A bar for a part of the work; where there is no terminal, some lines. */
export function makeBar(what: string, total: number): Bar {
  return process.stdout.isTTY ? drawnBar(what, total) : printedBar(what, total);
}

function drawnBar(what: string, total: number): Bar {
  const bar = new SingleBar({
    format: `${what} {bar} {value} of {total} {note}| {eta_formatted} to go`,
    barsize: 16,
    barCompleteChar: '█',
    barIncompleteChar: '░',
    stream: process.stdout,
    // Ctrl-C ends the program at once, and leaves the terminal as it was.
    gracefulExit: false,
    linewrap: true,
  });
  bar.start(total, 0, { note: '' });
  return { show: (done, note = '') => bar.update(done, { note }), stop: () => bar.stop() };
}

function printedBar(what: string, total: number): Bar {
  const every = Math.ceil(total / LINES);
  return {
    show: (done, note = '') => {
      if (done % every === 0 || done === total) console.log(`${what} ${done} of ${total} ${note}`);
    },
    stop: () => {},
  };
}

const LINES = 20;
const BLOCKS = '▁▂▃▄▅▆▇█';
const COLUMNS = 12;

/** The last loss, and the way there in blocks: each is a part of all steps so far. */
export function lossLine(losses: readonly number[]): string {
  const columns = Math.min(COLUMNS, losses.length);
  const end = (column: number): number => Math.floor((column * losses.length) / columns);
  const means = Array.from({ length: columns }, (_, i) => mean(losses.slice(end(i), end(i + 1))));
  const [least, most] = [Math.min(...means), Math.max(...means)];
  const heights = means.map((value) => (value - least) / (most - least || 1));
  const line = heights.map((height) => BLOCKS[Math.round(height * (BLOCKS.length - 1))]).join('');
  return `| loss ${mean(losses.slice(-10)).toFixed(3)} ${line} `;
}

function mean(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0) / values.length;
}

/** Balanced accuracies in percent, as a table of Markdown. */
export function accuracyTable(found: ReadonlyMap<string, readonly Counts[]>): string {
  const rows = [...found].map(([kind, counts]) => [kind, ...counts.map(percent)]);
  const isNew = (kind: string): boolean => !kind.startsWith('known: ');
  const column = (level: number): string =>
    percent(together([...found].filter(([kind]) => isNew(kind)).map(([, counts]) => counts[level]!)));
  const table = [
    ['noise', ...LEVELS.map((level) => `${level} dB`)],
    ['---', ...LEVELS.map(() => '---:')],
    ['**all that are new**', ...LEVELS.map((_, level) => `**${column(level)}**`)],
    ...rows,
  ];
  const widths = table[0]!.map((_, i) => Math.max(...table.map((row) => row[i]!.length)));
  return table
    .map(
      (row) =>
        `| ${row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join(' | ')} |`,
    )
    .join('\n');
}

function percent(counts: Counts): string {
  return (100 * balancedAccuracy(counts)).toFixed(1);
}
