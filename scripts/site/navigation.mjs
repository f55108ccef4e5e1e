import { Converter, DefaultTheme, JSX, ReflectionKind } from 'typedoc';

const REFERENCE = 'API reference';

/** The places of the documents and of the reference: the first steps, then what is called how, then the rest. */
class SiteTheme extends DefaultTheme {
  buildNavigation(project) {
    const entries = super.buildNavigation(project);
    const reference = entries.filter(({ text }) => text === REFERENCE);
    const [first, ...others] = entries.filter(({ text }) => text !== REFERENCE);
    return [first, ...reference, ...others];
  }
}

/**
 * A TypeDoc plugin: the module of the package is called the API reference, comes second in the navigation and is open there until
 * the reader closes it.
 *
 * @param {import('typedoc').Application} app
 */
export function load(app) {
  app.renderer.defineTheme('conv1d', SiteTheme);
  app.converter.on(Converter.EVENT_CREATE_DECLARATION, (_, reflection) => {
    if (reflection.kindOf(ReflectionKind.Module)) reflection.name = REFERENCE;
  });
  // TypeDoc builds the navigation in the browser, closed, unless this key says otherwise. A browser may refuse a page its storage.
  const key = JSON.stringify(`tsd-accordion-${REFERENCE}`);
  const open = `try { localStorage.getItem(${key}) ?? localStorage.setItem(${key}, 'true'); } catch {}`;
  app.renderer.hooks.on('body.begin', () =>
    JSX.createElement('script', null, JSX.createElement(JSX.Raw, { html: open })),
  );
}
