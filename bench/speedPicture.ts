import { writeFileSync } from 'node:fs';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { speedChart } from './page/charts.ts';
import type { Results } from './results.ts';

const FILE = fileURLToPath(new URL('../docs/speed.svg', import.meta.url));

/** Colours of the report; a picture in a README learns of light and dark by itself. */
const STYLE = `
  svg { background: #ffffff; --text: #1c2430; --line: #e3e7ec; color: var(--text); }
  svg { --onnxruntime: #0d7d74; --pytorch: #b7791f; --tfjs: #6d5bd0; }
  text { font: 12px system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif; }
  @media (prefers-color-scheme: dark) {
    svg { background: #12161c; --text: #e6eaf0; --line: #2c3542; --onnxruntime: #35c9b9; --pytorch: #e5b15c; --tfjs: #a99bff; }
  }`;

/** Draws docs/speed.svg, the picture of the README; returns the path. */
export function writeSpeedPicture(results: Results): string {
  writeFileSync(FILE, `${speedPicture(results)}\n`);
  return relative(process.cwd(), FILE);
}

export function speedPicture(results: Results): string {
  // Inside a page the drawing takes the page's colours; by itself it needs a namespace and its own.
  return speedChart(results, results.runs[0]!).replace(
    /^<svg style="[^"]*"([^>]*)>/,
    (_, attributes: string) => `<svg xmlns="http://www.w3.org/2000/svg"${attributes}><style>${STYLE}</style>`,
  );
}
