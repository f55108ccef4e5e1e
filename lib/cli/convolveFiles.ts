import { convolveFile, type FileResult } from '../batch/convolveFile.ts';
import { type Layer, loadLayer } from '../batch/layer.ts';
import type { LayerParameters } from '../batch/parameters.ts';
import { explain, explainAbout } from '../explain.ts';
import { cpuInfo, setNumThreads } from '../runtime.ts';
import { formatReport } from './report.ts';
import { EXIT, printable, type Terminal } from './terminal.ts';

/** What `conv1d run` can be told. */
export interface RunFlags extends LayerParameters {
  readonly out: string;
  readonly key?: string;
  readonly threads?: number;
  readonly plot?: boolean;
}

/** An input and the files it becomes. */
export interface Task {
  readonly input: string;
  readonly features: string;
  readonly picture: string;
}

/** Convolves the inputs one by one, writes what they become, and prints what it took. One that fails stops no other. */
export async function convolveFiles(
  weights: string,
  tasks: readonly Task[],
  flags: RunFlags,
  terminal: Terminal,
): Promise<void> {
  try {
    if (flags.threads !== undefined) setNumThreads(flags.threads);
  } catch (error) {
    terminal.fail(`--threads: ${explain(error)}`, EXIT.usage);
    return;
  }
  let layer: Layer;
  try {
    layer = await loadLayer(weights, flags.key, flags);
  } catch (error) {
    terminal.fail(explainAbout(weights, error));
    return;
  }

  const measurements: FileResult[] = [];
  for (const task of tasks) {
    try {
      const { input, features } = task;
      const picture = flags.plot ? { picture: task.picture } : {};
      const result = await convolveFile(layer, input, features, { format: 'npy', measure: true, ...picture });
      printWritten(result, flags.plot ?? false, terminal);
      measurements.push(result);
    } catch (error) {
      terminal.fail(explainAbout(task.input, error));
    }
  }
  if (measurements.length === 0) return;
  const { isa, threads } = cpuInfo();
  terminal.print(`\n${formatReport(measurements, isa, threads, terminal)}`);
}

/** `x.wav -> features/x.npy`. */
function printWritten({ input, output, picture }: FileResult, plot: boolean, terminal: Terminal): void {
  let written = output;
  if (picture !== undefined) written += `, ${picture}`;
  else if (plot) written += ' (no picture: the batch is empty)';
  terminal.print(terminal.colors.dim(printable(`${input} -> ${written}`)));
}
