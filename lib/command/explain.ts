import { isOwnRefusal, messageOf, nameOf, systemSentence } from '../check/caught.ts';

/** What went wrong, in a sentence for somebody who cannot see our source. An error of our own making keeps its stack. */
export function explain(error: unknown): string {
  const ofTheSystem = systemSentence(error);
  if (ofTheSystem !== undefined) return ofTheSystem;
  if (isOwnRefusal(error) || nameOf(error) === undefined) return messageOf(error);
  const { stack } = error as { stack?: unknown };
  return `this is a bug in conv1d: ${typeof stack === 'string' ? stack : messageOf(error)}`;
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
