import type { Bar } from '../barChecks.ts';
import type { Cells } from '../documents/cells/table.ts';
import { STYLE } from './style.ts';

export function html(value: string): string {
  return value.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);
}

/** A drawing in a box, with a heading. */
export function card(heading: string, drawing: string): string {
  return `<figure class="card"><h3>${html(heading)}</h3>${drawing}</figure>`;
}

/** Boxes side by side, one below the other on a phone. */
export function grid(cards: readonly string[]): string {
  return `<div class="grid">${cards.join('\n')}</div>`;
}

/** A table that scrolls where it is wider than the page. */
export function table({ head, rows, words }: Cells, numbered = false): string {
  const cell = (text: string, i: number, tag: 'td' | 'th') =>
    `<${tag}${i < words ? ' class="left"' : ''}>${html(text)}</${tag}>`;
  const line = (cells: readonly string[], tag: 'td' | 'th') =>
    `<tr>${cells.map((text, i) => cell(text, i, tag)).join('')}</tr>`;
  const body = rows.map(([first, ...rest], i) => line([`${numbered ? `${i + 1}. ` : ''}${first}`, ...rest], 'td'));
  return `<div class="card scroll"><table><thead>${line(head, 'th')}</thead>
<tbody>${body.join('\n')}</tbody></table></div>`;
}

/** Every bar with its figure, group by group, in a box. */
export function barCard(heading: string, bars: readonly Bar[]): string {
  const groups = [...new Set(bars.map(({ group }) => group))].map((group) => {
    const lines = bars.filter((bar) => bar.group === group).map(barLine);
    return `<h4>${html(group)}</h4><ul class="bars">${lines.join('')}</ul>`;
  });
  return `<div class="card"><h3>${html(heading)}</h3>${groups.join('')}</div>`;
}

function barLine({ text, figure, ok, stretch }: Bar): string {
  const mark = ok ? '<b class="ok">holds</b>' : `<b class="bad">${stretch ? 'missed' : 'fails'}</b>`;
  return `<li>${mark}<div>${html(text)}${stretch ? ' (stretch)' : ''}<br><span class="dim">${html(figure)}</span></div></li>`;
}

/** A page that needs nothing else: no script, no network. */
export function wholePage(title: string, parts: readonly string[]): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${html(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<h1>${html(title)}</h1>
${parts.join('\n')}
</body>
</html>
`;
}
