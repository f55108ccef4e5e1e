import { typeError } from '../../check/errors.ts';

/** The error for the name of an input or output that there is not. */
export function unknownName(what: string, name: string, names: readonly string[]): TypeError {
  return typeError(
    'ERR_CONV1D_OPTION',
    `${what} '${name}'; there ${names.length === 1 ? 'is' : 'are'} ${names.join(', ') || 'none'}`,
  );
}
