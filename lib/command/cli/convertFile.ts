import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { performance } from 'node:perf_hooks';
import Table from 'cli-table3';
import { saveSafetensors } from '../../io/safetensors.ts';
import { removeLeftovers } from '../../io/temporary.ts';
import { NO_BORDER } from '../../network/report/table.ts';
import { bytesPerElement } from '../../tensor/dtype.ts';
import { failedWrite } from '../batch/failedWrite.ts';
import { type NamedTensors, readTensors, type TensorChoice } from '../convert/readTensors.ts';
import { explain, explainAbout } from '../explain.ts';
import { onInterrupt } from './interrupts.ts';
import { Progress } from './progress.ts';
import { EXIT, printable, type Terminal } from './terminal.ts';

/** What `conv1d convert` takes. */
export interface ConvertFlags extends TensorChoice {
  readonly dryRun?: boolean;
}

/** Reads the tensors of one file, prints what they are, and writes them as another. */
export async function convertFile(
  input: string,
  output: string | undefined,
  flags: ConvertFlags,
  terminal: Terminal,
): Promise<void> {
  const { dryRun = false } = flags;
  const wrong = await wrongOutput(input, output, dryRun);
  if (wrong !== undefined) {
    terminal.fail(wrong, EXIT.usage);
    return;
  }
  const stop = new AbortController();
  const forget = onInterrupt((signal, exitCode) => {
    terminal.say(`${signal}: ending; once more ends at once`);
    terminal.exitCode = exitCode;
    stop.abort();
  });
  try {
    const read = await readAll(input, flags, stop.signal, terminal);
    if (read === undefined || stop.signal.aborted) return;
    terminal.print(formatTensors(read.tensors, terminal));
    if (dryRun || output === undefined) return;
    await removeLeftovers(dirname(output));
    await saveSafetensors(output, read.tensors, read.metadata).catch((error) => {
      throw failedWrite(output, error);
    });
    terminal.print(terminal.colors.dim(printable(`${input} -> ${output}`)));
  } catch (error) {
    terminal.fail(explain(error));
  } finally {
    forget();
  }
}

/** What is wrong with the name of the output; undefined where nothing is. */
async function wrongOutput(input: string, output: string | undefined, dryRun: boolean): Promise<string | undefined> {
  if (dryRun) return undefined;
  if (output === undefined) return "missing the name of the output; --dry-run prints the input's tensors without one";
  if (!/\.safetensors$/i.test(output)) return `${output}: the name of the output must end in .safetensors`;
  const [from, to] = await Promise.all([input, output].map((path) => stat(path).catch(() => undefined)));
  const isSame = from !== undefined && to !== undefined && from.dev === to.dev && from.ino === to.ino;
  return isSame ? `${output} is the input; give the output another name` : undefined;
}

/** The tensors, with a line on the terminal while they are read; undefined, with a sentence, where they cannot be. */
async function readAll(
  input: string,
  flags: ConvertFlags,
  signal: AbortSignal,
  terminal: Terminal,
): Promise<NamedTensors | undefined> {
  const begun = performance.now();
  const counts = (files: number, done: number) => {
    return { files, done, failed: 0, seconds: (performance.now() - begun) / 1000 };
  };
  let progress: Progress | undefined;
  let all = 0;
  try {
    return await readTensors(input, flags, {
      begin({ length }) {
        all = length;
        progress = terminal.progress && new Progress(terminal.progress, counts(all, 0), terminal, 'tensors');
      },
      next(done) {
        signal.throwIfAborted();
        progress?.show(counts(all, done));
      },
    });
  } catch (error) {
    if (!signal.aborted) terminal.fail(explainAbout(input, error));
    return undefined;
  } finally {
    progress?.stop();
  }
}

/** Names, dtypes and shapes, a line each, and what they come to. */
function formatTensors(tensors: NamedTensors['tensors'], { colors }: Terminal): string {
  const table = new Table({
    head: ['tensor', 'dtype', 'shape'].map((head) => colors.bold(head)),
    chars: NO_BORDER,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
  });
  const list = Object.entries(tensors);
  let bytes = 0;
  for (const [name, { dtype, shape, numel }] of list) {
    table.push([printable(name), dtype, shape.length === 0 ? 'scalar' : shape.join(' x ')]);
    bytes += numel * bytesPerElement(dtype);
  }
  const sum = `${list.length} ${list.length === 1 ? 'tensor' : 'tensors'}, ${(bytes / 1e6).toPrecision(3)} MB`;
  return `${table.toString()}\n${sum}`;
}
