import { readFileSync } from 'node:fs';
import { Command, type CommanderError } from 'commander';
import { codeOf } from '../../check/caught.ts';
import { explain } from '../explain.ts';
import { addConvert } from './convert.ts';
import { addInfo } from './info.ts';
import { addQueue } from './queue.ts';
import { addRun } from './run.ts';
import { EXIT, type Io, Terminal } from './terminal.ts';
import { addWorker } from './worker.ts';

/** From package.json, three levels up both in the sources (lib/command/cli) and compiled (dist/command/cli). */
const { version } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

const HELP = `
Examples:
  $ conv1d run examples/filterbank.safetensors examples/speech.wav --out features --plot
  $ conv1d run model.safetensors recordings/*.wav --key encoder.conv1. --stride 2 --out features
  $ conv1d convert model.pt model.safetensors --key model
  $ conv1d worker --queue redis://10.0.0.5 --concurrency 4
  $ conv1d queue status --queue redis://10.0.0.5
  $ conv1d info

  conv1d run --help describes the files and how they are read.

Environment:
  CONV1D_ISA          the implementation to use: avx512, avx2, neon or scalar
                      (default: the best one for this CPU)
  CONV1D_NUM_THREADS  how many threads to use (default: one for each CPU that this
                      process may use)
  CONV1D_QUEUE_PASSWORD
                      the password of the queue, where its URL has none
  NO_COLOR            set to anything: no colours

Exit codes:
  0    everything is written
  1    the weights or all inputs were refused, or no output could be written: a line on
       stderr for each
  2    the command line makes no sense: nothing is written
  3    some inputs were refused or could not be written; the others are written
  130  stopped by SIGINT (Ctrl-C), with what was under way written; 143 by SIGTERM
  141  nobody reads the output any more, as with | head: ended at once`;

/**
 * The `conv1d` command.
 *
 * @param argv      the arguments after the command's name
 * @param terminal  over `io`; for whoever writes there, too
 * @returns         the exit code: 0, 1 for refused inputs, 2 for a command line that makes no sense, 3 for some refused inputs
 * @example
 * const code = await main(['info'], { stdout: process.stdout, stderr: process.stderr });
 */
export async function main(argv: readonly string[], io: Io, terminal = new Terminal(io)): Promise<number> {
  const program = new Command('conv1d')
    .description("PyTorch's nn.Conv1d on the command line: runs trained or designed filters over signals.")
    .version(version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand('help [command]', 'print the help of a command')
    .addHelpText('after', HELP)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      writeErr: (text) => io.stderr.write(text),
      outputError: (text) => terminal.fail(text.replace(/^error: /, ''), EXIT.usage),
    });
  addRun(program, terminal);
  addConvert(program, terminal);
  addWorker(program, terminal);
  addQueue(program, terminal);
  addInfo(program, terminal, version);

  try {
    await program.parseAsync(argv, { from: 'user' });
  } catch (error) {
    if (isExit(error)) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    terminal.fail(explain(error));
  }
  return terminal.exitCode;
}

/** Commander's way to end: after --help and --version too. */
function isExit(error: unknown): error is CommanderError {
  return codeOf(error)?.startsWith('commander.') === true;
}
