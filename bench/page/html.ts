import type { Cells } from '../documents/cells/table.ts';

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
