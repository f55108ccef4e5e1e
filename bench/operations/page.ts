import { geometricMean } from '../limits.ts';
import type { MachineInfo } from '../results.ts';
import type { OperationTimes } from './measure.ts';

/** One operation on one shape with one number of threads. */
export interface OperationRow extends OperationTimes {
  readonly group: string;
  readonly name: string;
  readonly shape: readonly number[];
  readonly threads: number;
}

/** Below this a ratio is a loss, and not the noise of two runs. */
const NOISE = 0.95;

/** The page that `npm run bench:operations` writes. */
export function operationsPage(rows: readonly OperationRow[], machine: MachineInfo): string {
  const threads = [...new Set(rows.map((row) => row.threads))];
  const groups = [...new Set(rows.map((row) => row.group))];
  return `${[
    '# Operations beside onnxruntime-node and PyTorch',
    '',
    `Written by \`npm run bench:operations\` on ${machine.name}, ${machine.node}. A figure is how many times as long the other takes, from the shortest`,
    'times of rounds in turns (PyTorch, Debian 1.13, in a process of its own): above 1 we are faster. Plain calls of single operations, float32. A dash: the',
    'other has no such node. **Bold** where we are slower beyond the noise of two runs.',
    ...groups.flatMap((group) => section(group, rows, threads)),
  ].join('\n')}\n`;
}

function section(group: string, rows: readonly OperationRow[], threads: readonly number[]): string[] {
  const own = rows.filter((row) => row.group === group);
  const keys = [...new Set(own.map(keyOf))];
  const head = ['', 'shape', ...threads.flatMap((count) => [`ms, ${count}`, 'onnxruntime', 'PyTorch'])];
  const lines = keys.map((key) => {
    const same = own.filter((row) => keyOf(row) === key);
    const cells = threads.flatMap((count) => {
      const row = same.find((each) => each.threads === count);
      if (row === undefined) return ['', '', ''];
      return [row.oursMs.toPrecision(3), ratio(row.onnxruntimeMs, row.oursMs), ratio(row.pytorchMs, row.oursMs)];
    });
    return line([same[0]!.name, same[0]!.shape.join(' x '), ...cells]);
  });
  return [
    '',
    `## ${group[0]!.toUpperCase()}${group.slice(1)}`,
    '',
    `Geometric mean on one thread: ${mean(own, 'onnxruntimeMs')} of onnxruntime, ${mean(own, 'pytorchMs')} of PyTorch.`,
    '',
    line(head),
    line(head.map((_, i) => (i < 2 ? '---' : '---:'))),
    ...lines,
  ];
}

function keyOf({ name, shape }: OperationRow): string {
  return `${name} ${shape.join('x')}`;
}

function ratio(other: number | null, ours: number): string {
  if (other === null) return '-';
  const value = other / ours;
  return value < NOISE ? `**${value.toFixed(2)}**` : value.toFixed(value < 10 ? 2 : 0);
}

function mean(rows: readonly OperationRow[], key: 'onnxruntimeMs' | 'pytorchMs'): string {
  const ratios = rows.flatMap((row) => (row.threads === 1 && row[key] !== null ? [row[key] / row.oursMs] : []));
  return ratios.length === 0 ? 'none' : geometricMean(ratios).toFixed(2);
}

function line(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}
