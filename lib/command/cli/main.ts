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

let refused = false;
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  // `conv1d ... | head` closes the pipe early: that is no failure. A full disk refuses every line, and we say so once.
  if (error.code === 'EPIPE' || refused) return;
  refused = true;
  new Terminal(io).fail(`cannot write to stdout: ${explain(error)}`);
  process.exitCode ||= EXIT.refused;
});
// There is nowhere left to say it; the exit code still does.
process.stderr.on('error', () => {});

const code = await main(process.argv.slice(2), io);
// stdout may have failed already, with nothing else to complain about.
if (code !== EXIT.ok) process.exitCode = code;
