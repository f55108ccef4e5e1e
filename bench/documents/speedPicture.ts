import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ratios } from '../figures.ts';
import { machineFile } from '../machines/info.ts';
import type { MachineReport } from '../machines/reports.ts';
import { comparisonPicture } from '../page/charts/comparison.ts';
import { SEED } from '../problems.ts';
import { isaName, isasOf, type MachineInfo, type Results, threadsText } from '../results.ts';

const FOLDER = new URL('../../docs/', import.meta.url);

/** Colours of the report; a picture in a README learns of light and dark by itself. */
const STYLE = `
  svg { background: #ffffff; --text: #1c2430; --line: #e3e7ec; --plot-background: #ffffff; color: var(--text); }
  svg { --ours: #0d7d74; --onnxruntime: #2b62c4; --pytorch: #b7791f; --tfjs: #8a4fc7; }
  text { font: 15px system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif; }
  @media (prefers-color-scheme: dark) {
    svg { background: #12161c; --text: #e6eaf0; --line: #2c3542; --plot-background: #12161c; }
    svg { --ours: #35c9b9; --onnxruntime: #7fb0ff; --pytorch: #e5b15c; --tfjs: #c79bff; }
  }`;

/** The picture of all layers on a machine, a file of docs/. */
export function layersPicture({ name }: MachineInfo): string {
  return `speed-${machineFile(name)}.svg`;
}

/**
 * Draws docs/speed.svg, the picture of the README, of the first machine, and one of all layers for each machine; returns their paths.
 * Pictures of machines that have no report any more are removed.
 */
export function writeSpeedPictures(reports: readonly MachineReport[]): string[] {
  for (const file of readdirSync(FOLDER)) if (/^speed-.*\.svg$/.test(file)) rmSync(new URL(file, FOLDER));
  const first = reports[0]!.results;
  const pictures = [
    { file: 'speed.svg', results: first, names: everyThirdLayer(first) },
    ...reports.map(({ results }) => ({
      file: layersPicture(results.machine),
      results,
      names: results.problems.map(({ name }) => name),
    })),
  ];
  return pictures.map(({ file, results, names }) => {
    const path = fileURLToPath(new URL(file, FOLDER));
    writeFileSync(path, `${speedPicture(results, names)}\n`);
    return relative(process.cwd(), path);
  });
}

/**
 * Every third layer by how near the fastest other library comes, the nearest first: neither our best nor our worst alone. The seed
 * layer, all overhead, is left out.
 */
export function everyThirdLayer(results: Results): string[] {
  const run = results.runs[0]!;
  return ratios(
    results,
    run,
    run.peers.map(({ id }) => id),
  )
    .filter(({ name }) => name !== SEED)
    .sort((a, b) => a.value - b.value)
    .map(({ name }) => name)
    .filter((_, rank) => rank % 3 === 0);
}

export function speedPicture(results: Results, names: readonly string[]): string {
  const run = results.runs[0]!;
  const title = `Time over conv1d: ${results.machine.name}, ${threadsText(run.threads)}, ${isaName(isasOf(run)[0]!)}`;
  // Inside a page the drawing takes the page's colours; by itself it needs a namespace and its own.
  return comparisonPicture({ results, run }, names, title).replace(
    /^<svg style="[^"]*"([^>]*)>/,
    (_, attributes: string) => `<svg xmlns="http://www.w3.org/2000/svg"${attributes}><style>${STYLE}</style>`,
  );
}
