import { Converter } from 'typedoc';

/**
 * A TypeDoc plugin: a document is called as its first heading says, not as its file, and the page shows that title once.
 *
 * @param {import('typedoc').Application} app
 */
export function load(app) {
  app.converter.on(Converter.EVENT_CREATE_DOCUMENT, (_, document) => {
    const [first] = document.content;
    const heading = /^# (.+)\n+/.exec(first?.text ?? '');
    if (heading === null) return;
    document.name = heading[1];
    first.text = first.text.slice(heading[0].length);
  });
}
