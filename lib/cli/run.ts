import { basename, extname, join } from 'node:path';
import type { Command } from 'commander';
import { parseFolder, parsePadding, parsePaddingMode, parsePositive } from '../batch/parameters.ts';
import { PADDING_MODES } from '../options.ts';
import { argument } from './argument.ts';
import type { RunFlags, Task } from './convolveFiles.ts';
import type { SubmitFlags } from './submitFiles.ts';
import { EXIT, type Terminal } from './terminal.ts';

const HELP = `
Weights:
  A .safetensors file with a tensor of shape (outChannels, inChannels / groups,
  kernelSize) named weight or *.weight, and its bias, if there is one, beside it.
  Where a file has several, --key chooses: --key encoder.conv1. reads
  encoder.conv1.weight and encoder.conv1.bias. F16 and BF16 run as float32.

  What the weights do not show is taken from the flags, else from the metadata of
  the file, else it is PyTorch's default:

    stride, dilation, groups  a whole number (default 1)
    padding                   as --padding (default 0)
    padding_mode              as --padding-mode (default zeros)
    channels                  real,imaginary: the first half of the channels are
                              the real parts, the second half the imaginary parts
                              of frequencies evenly spaced from 0 to half the
                              sample rate, and --plot shows their magnitude

  A metadata key with the layer's prefix (encoder.conv1.stride) goes first.

Inputs:
  .wav  PCM of 8, 16, 24 or 32 bits, or float; as many channels as the weights take
  .npy  float32 or float64, (channels, length) or (batch, channels, length)

Outputs:
  DIR/NAME.npy  the features: (outChannels, length) or (batch, outChannels, length),
                in the dtype of the weights
  DIR/NAME.png  with --plot: time to the right, frequency or channel upwards; of a
                batch, the first item

  ms in the table is the time of the convolution alone, without reading, writing
  and drawing: the fastest of up to five runs. max threads is how many it may use;
  little work is done by fewer.

Examples:
  $ conv1d run examples/filterbank.safetensors examples/speech.wav --out features --plot
  $ conv1d run model.safetensors a.wav b.npy --key encoder.conv1. --stride 2 --out features
  $ conv1d run smooth.safetensors ecg.npy --padding same --padding-mode reflect --out smooth
  $ conv1d run w.safetensors /data/*.wav --out /data/features --queue redis://10.0.0.5

Queue:
  With --queue the files are put into a queue on a Redis or Valkey server, and the
  machines that run conv1d worker convolve them; conv1d worker --help says how.
  Running the same command again waits for what is in the queue, runs nothing
  twice, and tries again what had failed.

Exit codes:
  0 all is written, 1 weights or inputs were refused, 2 wrong usage (see conv1d --help)`;

/** Adds `conv1d run`: convolves files with the weights of a file. */
export function addRun(program: Command, terminal: Terminal): void {
  program
    .command('run')
    .summary('convolve .wav and .npy files with weights from a .safetensors file')
    .description('Convolves .wav and .npy files with weights from a .safetensors file and writes the features as .npy.')
    .argument('<weights>', 'the layer, a .safetensors file')
    .argument('<input...>', '.wav and .npy files')
    .requiredOption('--out <dir>', 'where to write; made if it does not exist', argument(parseFolder))
    .option('--key <prefix>', 'what the names of the weight and bias begin with')
    .option('--stride <n>', 'inputs from one output to the next', argument(parsePositive))
    .option('--padding <p>', 'N, LEFT,RIGHT, same, valid or causal', argument(parsePadding))
    .option('--dilation <n>', 'inputs from one tap of the kernel to the next', argument(parsePositive))
    .option('--groups <n>', 'blocks the channels are divided into', argument(parsePositive))
    .option('--padding-mode <m>', PADDING_MODES.join(', '), argument(parsePaddingMode))
    .option('--threads <n>', 'threads to use (default: as many as there are CPUs)', argument(parsePositive))
    .option('--plot', 'draw a picture of the features, too')
    .option('--queue <url>', 'let the workers of this queue do it: redis://host[:port][/db]')
    .option('--detach', 'with --queue: do not wait for the workers')
    .option(
      '--attempts <n>',
      'with --queue: tries before a file counts as failed (default: 3)',
      argument(parsePositive),
    )
    .addHelpText('after', HELP)
    .action(async (weights: string, inputs: string[], flags: RunFlags & SubmitFlags) => {
      const tasks = planTasks(inputs, flags.out, terminal);
      if (tasks === undefined) return;
      if (flags.queue !== undefined) {
        const { submitFiles } = await import('./submitFiles.ts');
        return submitFiles(weights, tasks, { ...flags, queue: flags.queue }, terminal);
      }
      // Loaded here and not above: --help works even where no native binary does.
      const { convolveFiles } = await import('./convolveFiles.ts');
      await convolveFiles(weights, tasks, flags, terminal);
    });
}

/** Which files are written; undefined, with a sentence, when two inputs would become the same file. */
function planTasks(inputs: readonly string[], out: string, terminal: Terminal): Task[] | undefined {
  const owners = new Map<string, string>();
  const tasks: Task[] = [];
  for (const input of inputs) {
    const name = basename(input, extname(input));
    const features = join(out, `${name}.npy`);
    // Some file systems take a.npy and A.npy for the same file.
    const owner = owners.get(name.toLowerCase());
    if (owner !== undefined) {
      terminal.fail(
        `${owner} and ${input} would both become ${features}; run them with different --out directories`,
        EXIT.usage,
      );
      return undefined;
    }
    owners.set(name.toLowerCase(), input);
    tasks.push({ input, features, picture: join(out, `${name}.png`) });
  }
  return tasks;
}
