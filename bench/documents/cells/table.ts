/** A table as text, for Markdown and for the page alike. */
export interface Cells {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** How many of the first columns are words; the others are numbers. */
  readonly words: number;
}

export function markdownTable({ head, rows, words }: Cells): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map((_, i) => (i < words ? '---' : '---:'))), ...rows.map(line)].join('\n');
}

/** Three digits that mean something: 0.00123, 1.23, 123, 1234. */
export function significant(value: number): string {
  return value >= 100 ? value.toFixed(0) : Number(value.toPrecision(3)).toString();
}

/** A time in milliseconds, or a dash. */
export function timeCell(ms: number | null): string {
  return ms === null ? '-' : significant(ms);
}
