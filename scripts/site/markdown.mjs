import { Application } from 'typedoc';

/** Longer words of inline code may break anywhere; a phone has room for this many characters. */
const LONGEST_WHOLE_WORD = 30;

/**
 * A TypeDoc plugin: a table gets a box that scrolls, and inline code breaks between its words only, so that `--out` stays whole.
 *
 * @param {import('typedoc').Application} app
 */
export function load(app) {
  // TypeDoc takes this option from its configuration file only, which is read after the plugins.
  app.on(Application.EVENT_BOOTSTRAP_END, () => app.options.setValue('markdownItLoader', shape));
}

function shape(parser) {
  const { rules } = parser.renderer;
  const { escapeHtml } = parser.utils;
  // With a tabindex, the keys scroll it too.
  rules.table_open = () => '<div class="table-box" tabindex="0"><table>\n';
  rules.table_close = () => '</table></div>\n';
  rules.code_inline = (tokens, index) => {
    const words = tokens[index].content.split(/( +)/).map((word) => {
      const isWhole = word.trim() !== '' && word.length <= LONGEST_WHOLE_WORD;
      return isWhole ? `<span class="whole">${escapeHtml(word)}</span>` : escapeHtml(word);
    });
    return `<code>${words.join('')}</code>`;
  };
}
