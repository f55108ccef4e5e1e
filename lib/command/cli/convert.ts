import type { Command } from 'commander';
import { LAYOUTS } from '../../io/checkpoint/layout.ts';
import { parseBytes, parseLayout, parseOrder } from '../convert/parameters.ts';
import { argument } from './argument.ts';
import { type ConvertFlags, convertFile } from './convertFile.ts';
import type { Terminal } from './terminal.ts';

const HELP = `
Inputs:
  torch.save's .pt, .pth, .ckpt and .bin, also of its format before PyTorch 1.6,
  numpy.savez's .npz, and .safetensors. The content says which it is, and not the name.
  Nothing in a file is run: a pickle may rebuild tensors and plain values, anything else
  is refused by name.

  --key says where the tensors are in what was saved: model, or models.generator; an
  empty one takes all tensors there are. Without it, the state dict, where there is one.

Output:
  One .safetensors file with the tensors of the names, shapes and order of dimensions
  that are printed. float16 and bfloat16 are written as float32, integers below 32 bits
  as int32. It is written under another name, synced and renamed: whatever happens, it
  is complete or not there, or what was there before.

  --layout keras turns kernels into PyTorch's order, where the last part of a name is
  kernel or recurrent_kernel: (in, out) becomes (out, in), (K, in, out) becomes
  (out, in, K). --permute gives the order for one tensor, and can be repeated.

Examples:
  $ conv1d convert model.pt model.safetensors
  $ conv1d convert training.ckpt model.safetensors --key state_dict --prefix generator.
  $ conv1d convert keras.npz model.safetensors --layout keras \\
      --permute separable/depthwise_kernel=1,2,0
  $ conv1d convert model.pt --dry-run`;

/** Adds `conv1d convert`: checkpoints to safetensors. */
export function addConvert(program: Command, terminal: Terminal): void {
  program
    .command('convert')
    .summary('write the tensors of a .pt, .pth or .npz file as .safetensors')
    .description('Writes the tensors of a checkpoint as a .safetensors file, and prints their names and shapes.')
    .argument('<input>', 'a .pt, .pth, .ckpt, .bin, .npz or .safetensors file')
    .argument('[output]', 'the .safetensors file to write')
    .option('--key <key>', 'where the tensors are in what was saved')
    .option('--prefix <prefix>', 'only tensors whose names begin with it')
    .option('--layout <layout>', LAYOUTS.join(' or '), argument(parseLayout), 'torch')
    .option('--permute <name=order>', 'the order of the dimensions of one tensor: NAME=2,1,0', parseOrders)
    .option('--max-bytes <n>', 'the most bytes of memory that the tensors may take', argument(parseBytes))
    .option('--dry-run', 'print the names and shapes, and write nothing')
    .addHelpText('after', HELP)
    .action((input: string, output: string | undefined, flags: ConvertFlags) =>
      convertFile(input, output, flags, terminal),
    );
}

const parseOne = argument(parseOrder);

/** The orders of all `--permute` so far. */
function parseOrders(text: string, before: ConvertFlags['permute'] = {}): ConvertFlags['permute'] {
  const { name, order } = parseOne(text);
  return { ...before, [name]: order };
}
