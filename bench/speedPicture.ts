import { writeFileSync } from 'node:fs';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { speedChart } from './page/charts.ts';
import { SEED } from './problems.ts';
import { bestOther, ours, type Results, timeOf } from './results.ts';

const FOLDER = new URL('../docs/', import.meta.url);

/** Colours of the report; a picture in a README learns of light and dark by itself. */
const STYLE = `
  svg { background: #ffffff; --text: #1c2430; --line: #e3e7ec; color: var(--text); }
  svg { --onnxruntime: #0d7d74; --pytorch: #b7791f; --tfjs: #6d5bd0; }
  text { font: 15px system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif; }
  @media (prefers-color-scheme: dark) {
    svg { background: #12161c; --text: #e6eaf0; --line: #2c3542; --onnxruntime: #35c9b9; --pytorch: #e5b15c; --tfjs: #a99bff; }
  }`;

/** Draws docs/speed.svg, the picture of the README, and docs/speed-layers.svg, that of all layers; returns their paths. */
export function writeSpeedPictures(results: Results): string[] {
  const pictures = {
    'speed.svg': everyThirdLayer(results),
    'speed-layers.svg': results.problems.map(({ name }) => name),
  };
  return Object.entries(pictures).map(([file, names]) => {
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
  const ranked = results.problems.flatMap(({ name }, layer) => {
    const [own, best] = [timeOf(ours(run), layer), bestOther(run, layer)];
    return name === SEED || own === null || best === null ? [] : [{ name, ratio: best / own }];
  });
  return ranked
    .sort((a, b) => a.ratio - b.ratio)
    .map(({ name }) => name)
    .filter((_, rank) => rank % 3 === 0);
}

export function speedPicture(results: Results, names: readonly string[]): string {
  // Inside a page the drawing takes the page's colours; by itself it needs a namespace and its own.
  return speedChart(results, results.runs[0]!, names).replace(
    /^<svg style="[^"]*"([^>]*)>/,
    (_, attributes: string) => `<svg xmlns="http://www.w3.org/2000/svg"${attributes}><style>${STYLE}</style>`,
  );
}
