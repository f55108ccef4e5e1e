import { getSystemErrorMap } from 'node:util';

// What a `catch` gives is known by its properties. An error of Node's or of the addon's is of another realm than this code where a
// test runner (Jest, vitest with vmThreads) or `vm` runs it: `Error` there is another class.

/** The `code` of something caught, `ENOENT` or `ERR_CONV1D_SHAPE`; undefined where it has none. */
export function codeOf(caught: unknown): string | undefined {
  const code = property(caught, 'code');
  return typeof code === 'string' ? code : undefined;
}

/** The number that the system gave something caught; undefined where the system did not refuse. */
export function errnoOf(caught: unknown): number | undefined {
  const errno = property(caught, 'errno');
  return typeof errno === 'number' ? errno : undefined;
}

/**
 * The system's own words for one of its errors, `no such file or directory`; undefined for any other error. Deno gives the code alone,
 * ENOSPC, without the number.
 */
export function systemSentence(caught: unknown): string | undefined {
  const known = getSystemErrorMap();
  const errno = errnoOf(caught);
  if (errno !== undefined) return known.get(errno)?.[1] ?? messageOf(caught);
  const code = codeOf(caught);
  for (const [name, sentence] of known.values()) if (name === code) return sentence;
  return undefined;
}

/** Whether the system refused, and not this library or what it uses. */
export function isOfTheSystem(caught: unknown): boolean {
  return systemSentence(caught) !== undefined;
}

/** The name of something caught, `TypeError`; undefined for what is no error. */
export function nameOf(caught: unknown): string | undefined {
  const name = property(caught, 'name');
  return typeof name === 'string' ? name : undefined;
}

/** The sentence of something caught. */
export function messageOf(caught: unknown): string {
  const message = property(caught, 'message');
  return typeof message === 'string' ? message : String(caught);
}

/** Whether something caught is a refusal of this library, in its own words or the addon's. */
export function isOwnRefusal(caught: unknown): boolean {
  return codeOf(caught)?.startsWith('ERR_CONV1D_') === true;
}

function property(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}
