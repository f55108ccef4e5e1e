import { getSystemErrorMap } from 'node:util';
import { errnoOf, isOwnRefusal, messageOf, nameOf } from '../check/caught.ts';

/** What went wrong, in a sentence for somebody who cannot see our source. An error of our own making keeps its stack. */
export function explain(error: unknown): string {
  const errno = errnoOf(error);
  if (errno !== undefined) return getSystemErrorMap().get(errno)?.[1] ?? messageOf(error);
  if (isOwnRefusal(error) || nameOf(error) === undefined) return messageOf(error);
  const { stack } = error as { stack?: unknown };
  return `this is a bug in conv1d: ${typeof stack === 'string' ? stack : messageOf(error)}`;
}

/** The failure with the file it is about in front; the readers name it themselves. */
export function explainAbout(file: string, error: unknown): string {
  const sentence = explain(error);
  return sentence.startsWith(`${file}: `) ? sentence : `${file || "''"}: ${sentence}`;
}
