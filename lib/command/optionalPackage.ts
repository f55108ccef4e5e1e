import { codeOf } from '../check/caught.ts';
import { environmentError } from '../check/errors.ts';

/**
 * Loads a package that most users of this library never need, and that npm therefore does not install with it.
 *
 * @param name     what the package is called
 * @param load     imports it; a literal `import()`, so that bundlers see it
 * @param needed   who needs it, with the verb: `a queue needs`
 * @param install  what to give to `npm install`
 * @throws Error ERR_CONV1D_DEPENDENCY  when it is not installed, with the command that installs it
 * @example
 * const arrow = await loadOptional('apache-arrow', () => import('apache-arrow'), 'Arrow files need', 'apache-arrow');
 */
export async function loadOptional<T>(
  name: string,
  load: () => Promise<T>,
  needed: string,
  install: string,
): Promise<T> {
  try {
    return await load();
  } catch (error) {
    if (codeOf(error) !== 'ERR_MODULE_NOT_FOUND') throw error;
    throw environmentError(
      'ERR_CONV1D_DEPENDENCY',
      `${needed} the package ${name}, which is not installed: npm install ${install}`,
    );
  }
}
