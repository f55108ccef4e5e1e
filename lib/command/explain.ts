import { getSystemErrorMap } from 'node:util';
import { codeOf, errnoOf, isOwnRefusal, messageOf, nameOf } from '../check/caught.ts';

/** What went wrong, in a sentence for somebody who cannot see our source. An error of our own making keeps its stack. */
export function explain(error: unknown): string {
  const ofTheSystem = systemSentence(error);
  if (ofTheSystem !== undefined) return ofTheSystem;
  if (isOwnRefusal(error) || nameOf(error) === undefined) return messageOf(error);
  const { stack } = error as { stack?: unknown };
  return `this is a bug in conv1d: ${typeof stack === 'string' ? stack : messageOf(error)}`;
}

/** The system's own words for one of its errors; undefined for any other. Deno gives the code alone, ENOSPC, without the number. */
function systemSentence(error: unknown): string | undefined {
  const known = getSystemErrorMap();
  const errno = errnoOf(error);
  if (errno !== undefined) return known.get(errno)?.[1] ?? messageOf(error);
  const code = codeOf(error);
  for (const [name, sentence] of known.values()) if (name === code) return sentence;
  return undefined;
}

/** What Node puts in place of the bytes of a name that are not UTF-8. */
export const UNREADABLE_LETTER = '\u{fffd}';
/** What helps then. */
export const RENAME = 'rename it, for example with convmv -f latin1 -t utf8 --notest';

/** The failure of a file, without its name: one whose name is not UTF-8 cannot be found by it. */
export function explainFile(file: string, error: unknown): string {
  const sentence = explain(error);
  if (!file.includes(UNREADABLE_LETTER) || (error as NodeJS.ErrnoException | undefined)?.code !== 'ENOENT') {
    return sentence;
  }
  return `${sentence}: the name is not UTF-8 where ${UNREADABLE_LETTER} stands; ${RENAME}`;
}

/** The failure with the file it is about in front; the readers name it themselves. */
export function explainAbout(file: string, error: unknown): string {
  const sentence = explainFile(file, error);
  return sentence.startsWith(`${file}: `) ? sentence : `${file || "''"}: ${sentence}`;
}
