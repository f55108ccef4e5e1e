import { join } from 'node:path';
import type { Command } from 'commander';
import { ALGORITHMS } from '../../convolution/algorithm.ts';
import { PADDING_MODES } from '../../convolution/parameters.ts';
import { MAX_THREADS } from '../../native/maxThreads.ts';
import { separate } from '../batch/collisions.ts';
import type { Engine } from '../batch/engine.ts';
import { extensionsFor } from '../batch/extensions.ts';
import { ignoresCase } from '../batch/ignoresCase.ts';
import { type FoundInputs, findInputs, outputName } from '../batch/inputs.ts';
import { readNames } from '../batch/nameList.ts';
import { defaultFormat, OUTPUT_FORMATS, parseOutputFormat } from '../batch/outputFormat.ts';
import {
  parseAlgorithm,
  parseFolder,
  parsePadding,
  parsePaddingMode,
  parsePositive,
  parseSampleRate,
  parseThreads,
} from '../batch/parameters.ts';
import { argument } from './argument.ts';
import type { RunFlags } from './convolveFiles.ts';
import type { SubmitFlags } from './submitFiles.ts';
import { EXIT, type Terminal } from './terminal.ts';

const HELP = `
Weights:
  A .safetensors file with a tensor of shape (outChannels, inChannels / groups,
  kernelSize) named weight or *.weight, and its bias, if there is one, beside it.
  Where a file has several, --key chooses: --key encoder.conv1. reads
  encoder.conv1.weight and encoder.conv1.bias. F16 and BF16 run as float32, and
  weight norm (weight_g and weight_v) is folded.

  What the weights do not show is taken from the flags, else from the metadata of
  the file, else it is PyTorch's default:

    stride, dilation, groups  a whole number (default 1)
    padding                   as --padding (default 0)
    padding_mode              as --padding-mode (default zeros)
    channels                  real,imaginary: the first half of the channels are
                              the real parts, the second half the imaginary parts
                              of frequencies evenly spaced from 0 to half the
                              sample rate, and --plot shows their magnitude
    sample_rate               as --sample-rate (default: any)

  A metadata key with the layer's prefix (encoder.conv1.stride) goes first.

  Or a whole network, as saveNetwork() writes it, or an ONNX model; conv1d info FILE
  describes it. It says by itself what flags say of a layer.

Inputs:
  FILE.wav   PCM of 8 to 32 bits, float, A-law or mu-law; as many channels as the weights
             take, or any number with --mono; of the sample rate of --sample-rate
  FILE.npy   (channels, length) or (batch, channels, length): floats, integers or bool,
             taken as they are, and not scaled as the integers of a .wav are
  FILE.npz, FILE.safetensors
             for a network of several inputs: tensors of their names
  DIR        every .wav and .npy file below it, except hidden ones and those in --out;
             files of other kinds are counted, and what cannot be read is a failure
  'DIR/**/*.wav'  what the pattern matches; in quotes, so that the shell leaves it alone
  -          the files that stdin lists, a line each, or with -0 a NUL after each

Outputs:
  DIR/NAME.npy  the features: (outChannels, length) or (batch, outChannels, length),
                in the dtype of the weights. DIR and patterns keep the folders below
                them; files do with --base, else they go straight into --out
  DIR/NAME.png  with --plot: time to the right, frequency or channel upwards; of a
                batch, the first item

  --format safetensors and --format npz write the same as a tensor named features, or of
  a network all outputs by their names: safetensors is the default where there are several.
  --format wav writes a recording of 16 bits, for networks whose output is one.
  --format arrow writes an Arrow IPC file with a row for each step in time: item, step,
  time and the vector of features. It needs: npm install apache-arrow

  --algorithm fast takes algorithms that need fewer multiplications where they are
  estimated to be faster. They sum in another order: their results differ by rounding
  from those of --algorithm direct, and are the same on every machine, too.

  ms in the table is the time of the convolution alone, without reading, writing
  and drawing: the fastest of up to five runs. max threads is how many it may use;
  little work is done by fewer.

Many files:
  An output is written under another name, synced and renamed: whatever happens, it
  is complete or not there. More than 20 inputs, or --resume, keep a manifest in --out,
  conv1d-manifest.jsonl: the same command with --resume goes on after Ctrl-C, a crash
  or a power cut, and does inputs again that have changed since, or all when the
  weights have. Ctrl-C finishes the files under way; a second one ends at once. A disk
  that is full or read-only ends the run, too.

Examples:
  $ conv1d run examples/filterbank.safetensors examples/speech.wav --out features --plot
  $ conv1d run model.safetensors a.wav b.npy --key encoder.conv1. --stride 2 --out features
  $ conv1d run smooth.safetensors ecg.npy --padding same --padding-mode reflect --out smooth
  $ conv1d run model.safetensors recordings --out features --resume
  $ find /data -name '*.wav' -print0 | conv1d run model.safetensors - -0 --base /data --out features
  $ conv1d run model.safetensors /data/recordings --out /data/features --queue redis://10.0.0.5

A queue:
  With --queue the files are put into a queue on a Redis or Valkey server, and the
  machines that run conv1d worker convolve them; conv1d worker --help says how. The
  same command again waits for what is in the queue, runs nothing twice, and tries
  again what had failed.

Exit codes:
  0 all is written, 1 weights or all inputs were refused, 2 wrong usage, 3 some inputs
  were refused, 130 or 143 stopped by SIGINT or SIGTERM, 141 nobody reads the output
  (see conv1d --help)`;

/** Adds `conv1d run`: convolves files with the weights of a file. */
export function addRun(program: Command, terminal: Terminal): void {
  program
    .command('run')
    .summary('convolve .wav and .npy files with weights from a .safetensors file, or run a network over them')
    .description(
      'Convolves .wav and .npy files, any number of them, with weights from a .safetensors file, or runs a network over them.',
    )
    .argument('<weights>', 'the layer or the network: a .safetensors file, or an ONNX model')
    .argument('<input...>', '.wav and .npy files, directories, quoted patterns, - for a list on stdin')
    .requiredOption('--out <dir>', 'where to write; made if it does not exist', argument(parseFolder))
    .option('--base <dir>', 'keep the folders that inputs have below DIR', argument(parseFolder))
    .option(
      '--format <f>',
      `${OUTPUT_FORMATS.join(', ')} (default: npy, of several outputs safetensors)`,
      argument(parseOutputFormat),
    )
    .option('--resume', 'leave out what an earlier run has done')
    .option('--strict', 'begin no further file after one that failed')
    .option('--json', 'a JSON object for each file and one for the run, each on a line of stdout')
    .option('-0, --null', 'the list on stdin has a NUL after each name, as find -print0 writes it')
    .option('--key <prefix>', 'what the names of the weight and bias begin with')
    .option('--stride <n>', 'inputs from one output to the next', argument(parsePositive))
    .option('--padding <p>', 'N, LEFT,RIGHT, same, valid or causal', argument(parsePadding))
    .option('--dilation <n>', 'inputs from one tap of the kernel to the next', argument(parsePositive))
    .option('--groups <n>', 'blocks the channels are divided into', argument(parsePositive))
    .option('--padding-mode <m>', PADDING_MODES.join(', '), argument(parsePaddingMode))
    .option('--algorithm <a>', `${ALGORITHMS.join(' or ')} (default: fast)`, argument(parseAlgorithm))
    .option('--sample-rate <hz>', 'refuse recordings of another sample rate', argument(parseSampleRate))
    .option('--mono', 'mix channels down to their mean, where the weights take one')
    .option('--truncated', 'read recordings that were cut off as far as they go')
    .option(
      '--threads <n>',
      `threads to use, from 1 to ${MAX_THREADS} (default: as many as there are CPUs)`,
      argument(parseThreads),
    )
    .option('--plot', 'draw a picture of the features, too')
    .option('--queue <url>', 'let the workers of this queue do it: redis://host[:port][/db]')
    .option('--detach', 'with --queue: do not wait for the workers')
    .option('--attempts <n>', 'with --queue: tries before a file has failed (default: 3)', argument(parsePositive))
    .addHelpText('after', HELP)
    .action(async (weights: string, args: string[], flags: RunFlags & SubmitFlags) => {
      // Loaded here and not above: --help works even where no native binary does.
      const { openNetwork } = await import('./openEngine.ts');
      const network = await openNetwork(weights, flags, terminal);
      if (network === undefined) return;
      const found = await findFiles(args, flags, network, terminal);
      if (found === undefined) return;
      if (flags.queue !== undefined) {
        const { submitFiles } = await import('./submitFiles.ts');
        return submitFiles(weights, network, found, flags.queue, flags, terminal);
      }
      const { convolveFiles } = await import('./convolveFiles.ts');
      await convolveFiles(weights, network, found, flags, terminal);
    });
}

/** Which files to read; undefined, with a sentence, when it is not clear what they become. */
async function findFiles(
  args: readonly string[],
  flags: RunFlags,
  network: Engine | null,
  terminal: Terminal,
): Promise<FoundInputs | undefined> {
  const list = readNames(terminal.stdin ?? nothing(), flags.null ? '\0' : '\n');
  const extensions = extensionsFor(network?.input);
  const found = await findInputs(args, { out: flags.out, base: flags.base, list, extensions });
  const outside = found.inputs.find((input) => outputName(input) === undefined);
  if (outside !== undefined) {
    terminal.fail(`${outside.path} does not lie below --base ${outside.base}`, EXIT.usage);
    return undefined;
  }
  const { inputs, collision } = await separate(found.inputs, () => ignoresCase(flags.out));
  if (collision !== undefined) {
    const [a, b] = collision;
    const features = join(
      flags.out,
      `${outputName(a)}.${flags.format ?? (network === null ? 'npy' : defaultFormat(network))}`,
    );
    const advice = 'run them with different --out directories, or keep their folders with --base';
    terminal.fail(`${a.path} and ${b.path} would both become ${features}; ${advice}`, EXIT.usage);
    return undefined;
  }
  const { refused, otherKinds, inPlace } = found;
  if (otherKinds.size > 0) terminal.warn(formatOtherKinds(otherKinds));
  return { inputs, refused, otherKinds, inPlace };
}

/** `12 files of other kinds (.flac 10, .mp3 2) were left out`. */
function formatOtherKinds(kinds: ReadonlyMap<string, number>): string {
  const counts = [...kinds].sort(([a, m], [b, n]) => n - m || Number(a === '') - Number(b === '') || (a < b ? -1 : 1));
  const total = counts.reduce((sum, [, count]) => sum + count, 0);
  const list = counts.map(([kind, count]) => `${kind || 'without extension'} ${count}`).join(', ');
  return total === 1
    ? `1 file of another kind (${list}) was left out`
    : `${total} files of other kinds (${list}) were left out`;
}

async function* nothing(): AsyncGenerator<Uint8Array> {}
