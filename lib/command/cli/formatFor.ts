import type { Engine } from '../batch/engine.ts';
import { defaultFormat, faultOfFormat, type OutputFormat } from '../batch/outputFormat.ts';
import { EXIT, type Terminal } from './terminal.ts';

/** The format that files are written in; undefined, with a sentence, where what they go through has no such files. */
export function formatFor(
  given: OutputFormat | undefined,
  engine: Engine,
  terminal: Terminal,
): OutputFormat | undefined {
  const format = given ?? defaultFormat(engine);
  const fault = faultOfFormat(format, engine);
  if (fault === undefined) return format;
  terminal.fail(`--format ${format}: ${fault}`, EXIT.usage);
  return undefined;
}
