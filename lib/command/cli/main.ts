#!/usr/bin/env node
import pc from 'picocolors';
import { explain } from '../explain.ts';
import { main } from './program.ts';
import { EXIT, type Io, Terminal } from './terminal.ts';

const io: Io = {
  stdout: process.stdout,
  stderr: process.stderr,
  progress: process.stderr.isTTY ? process.stderr : undefined,
  colors: pc.isColorSupported,
  // Opened when it is read, and not before.
  get stdin() {
    return process.stdin;
  },
};

/** `conv1d ... | head`: nobody reads on. A process that does not ignore SIGPIPE, as Node does, is ended by it, quietly. */
const BROKEN_PIPE = 141;
function endWithoutReader({ code }: NodeJS.ErrnoException): void {
  if (code === 'EPIPE') process.exit(BROKEN_PIPE);
}

const terminal = new Terminal(io);
let refused = false;
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  endWithoutReader(error);
  // A full disk refuses every line; one message says so.
  if (refused) return;
  refused = true;
  terminal.fail(`cannot write to stdout: ${explain(error)}`);
  process.exitCode ||= EXIT.refused;
});
// There is nowhere left to say that of stderr; the exit code still does.
process.stderr.on('error', endWithoutReader);

const code = await main(process.argv.slice(2), io, terminal);
// stdout may have failed already, with nothing else to complain about.
if (code !== EXIT.ok) process.exitCode = code;
