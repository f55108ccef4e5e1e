import { counted, type Figure, PYTORCH_STUMBLES, ratios, timeRatios } from '../figures.ts';
import { codeText, type MachineReport } from '../machines/reports.ts';
import { isaName, isasOf, ours, threadsText } from '../results.ts';
import { type Column, columnsOf, meanCell, versionsOf } from './cells/summary.ts';
import { markdownTable } from './cells/table.ts';
import { fillFile } from './fill.ts';

/** What the READMEs say in their language; the figures are the same. */
interface Language {
  readonly file: string;
  columnHead(machine: string, threads: number): string;
  readonly fast: string;
  readonly avx2: string;
  onnxruntime(version: string): string;
  pytorch(version: string): string;
  tfjs(version: string): string;
  readonly nearest: string;
  closest(times: string, library: string, layer: string): string;
  note(layers: number, measured: string): string;
  measured(report: MachineReport): string;
  caption(machine: string, isa: string): string;
}

const ENGLISH: Language = {
  file: 'README.md',
  columnHead: (machine, threads) => `${machine}, ${threadsText(threads)}`,
  fast: "conv1d, `algorithm: 'fast'`",
  avx2: 'conv1d on AVX2',
  onnxruntime: (version) => `onnxruntime-node ${version}, its better form`,
  pytorch: (version) => `PyTorch ${version} (Debian's, no MKL)`,
  tfjs: (version) => `tfjs ${version} (wasm, one thread)`,
  nearest: 'closest call',
  closest: (times, library, layer) => `${times} ${library}, ${layer}`,
  note: (layers, measured) =>
    `Time relative to conv1d, geometric mean over ${layers} layers, shortest calls; in brackets how many layers a mean covers where it is not all. ${measured}`,
  measured: (report) => `${report.results.machine.name}: ${codeText(report)}, ${report.results.date}.`,
  caption: (machine, isa) => `One thread of the ${machine} with ${isa}, all checks and copies included.`,
};

export const CHINESE: Language = {
  file: 'README.zh-CN.md',
  columnHead: (machine, threads) => `${machine}，${threads === 1 ? '单线程' : `${threads} 线程`}`,
  fast: "conv1d，`algorithm: 'fast'`",
  avx2: 'conv1d，AVX2',
  onnxruntime: (version) => `onnxruntime-node ${version}（取其两种写法中较快的）`,
  pytorch: (version) => `PyTorch ${version}（Debian 版，无 MKL）`,
  tfjs: (version) => `tfjs ${version}（wasm，只用一个线程）`,
  nearest: '差距最小的地方',
  closest: (times, library, layer) => `${library}，${layer}：${times}`,
  note: (layers, measured) =>
    `表中是耗时与 conv1d 之比，取 ${layers} 个层最短耗时的几何平均；未覆盖全部层时，括号内是层数。${measured}`,
  measured: ({ results: { machine, code, date }, isCurrent }) =>
    `${machine.name}：conv1d ${code.version}，提交 ${code.commit}${isCurrent ? '' : '（较旧的代码）'}，${date}。`,
  caption: (machine, isa) => `${machine} 单线程，${isa}，参数检查和数据拷贝都计算在内。`,
};

/** Fills the tables of both READMEs; returns their paths. */
export function writeReadmes(reports: readonly MachineReport[]): string[] {
  return [ENGLISH, CHINESE].map((language) => fillFile(language.file, readmeParts(reports, language)));
}

export function readmeParts(reports: readonly MachineReport[], language: Language = ENGLISH): Record<string, string> {
  const columns = columnsOf(reports);
  const [first] = columns;
  if (first === undefined) throw new Error('there is nothing to report');
  const row = (label: string, figures: (column: Column) => readonly Figure[]) => [
    label,
    ...columns.map((column) => meanCell(figures(column), column.results)),
  ];
  const version = (id: string) => {
    const peers = columns.flatMap(({ run }) => run.peers.filter((peer) => peer.id === id));
    return versionsOf(peers.map((peer) => ({ version: majorMinor(peer.version) }))).join('');
  };
  const rows = [
    ['**conv1d**', ...columns.map(() => '**1**')],
    row(language.fast, ({ results, run }) => timeRatios(results, ours(run, 'fast'), ours(run))),
    row(language.avx2, ({ results, run }) =>
      isasOf(run)[0] === 'avx2' ? [] : timeRatios(results, ours(run, 'direct', 'avx2'), ours(run)),
    ),
    row(language.onnxruntime(version('ort')), ({ results, run }) => ratios(results, run, ['ort', 'ort-h1'])),
    row(language.pytorch(version('torch')), ({ results, run }) =>
      ratios(results, run, ['torch']).filter(({ value }) => value <= PYTORCH_STUMBLES),
    ),
    row(language.tfjs(version('tfjs')), ({ results, run }) => ratios(results, run, ['tfjs'])),
    [language.nearest, ...columns.map((column) => closest(column, language))],
  ];
  const measured = rows.filter(([, ...cells]) => cells.some((cell) => cell !== '-'));
  const head = ['', ...columns.map(({ results, run }) => language.columnHead(results.machine.name, run.threads))];
  const note = language.note(
    counted(first.results.problems.map(({ name }) => ({ name, value: 1 }))).length,
    reports.map((report) => language.measured(report)).join(' '),
  );
  return {
    speed: `${markdownTable({ head, rows: measured, words: 1 })}\n\n${note}`,
    caption: language.caption(first.results.machine.name, isaName(isasOf(first.run)[0]!)),
  };
}

/** The layer on which another library comes nearest, or is ahead. */
function closest({ results, run }: Column, language: Language): string {
  const all = run.peers.flatMap((peer) =>
    ratios(results, run, [peer.id]).map(({ name, value }) => ({ library: peer.name, name, value })),
  );
  const nearest = all.reduce<(typeof all)[number] | undefined>(
    (best, each) => (best === undefined || each.value < best.value ? each : best),
    undefined,
  );
  if (nearest === undefined) return '-';
  return language.closest(`${nearest.value.toFixed(2)}x`, nearest.library, nearest.name);
}

/** `1.13` of `1.13.0a0`. */
function majorMinor(version: string): string {
  return /^\d+\.\d+/.exec(version)?.[0] ?? version;
}
