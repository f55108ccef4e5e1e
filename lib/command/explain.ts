import { getSystemErrorMap } from 'node:util';
import { ownCode } from '../check/errors.ts';

/** What went wrong, in a sentence for somebody who cannot see our source. An error of our own making keeps its stack. */
export function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { errno } = error as NodeJS.ErrnoException;
  if (typeof errno === 'number') return getSystemErrorMap().get(errno)?.[1] ?? error.message;
  if (ownCode(error) !== undefined) return error.message;
  return `this is a bug in conv1d: ${error.stack ?? error.message}`;
}

/** The failure with the file it is about in front; the readers name it themselves. */
export function explainAbout(file: string, error: unknown): string {
  const sentence = explain(error);
  return sentence.startsWith(`${file}: `) ? sentence : `${file || "''"}: ${sentence}`;
}
