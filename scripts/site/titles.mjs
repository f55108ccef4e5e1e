import { Converter } from 'typedoc';

/**
 * A TypeDoc plugin: a document is called as its first heading says, not as its file.
 *
 * @param {import('typedoc').Application} app
 */
export function load(app) {
  app.converter.on(Converter.EVENT_CREATE_DOCUMENT, (_, document) => {
    const heading = /^# (.+)$/m.exec(document.content[0]?.text ?? '');
    if (heading !== null) document.name = heading[1];
  });
}
