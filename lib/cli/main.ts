#!/usr/bin/env node
import pc from 'picocolors';
import { main } from './program.ts';

// `conv1d ... | head` closes the pipe early: that is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});

process.exitCode = await main(process.argv.slice(2), {
  stdout: process.stdout,
  stderr: process.stderr,
  colors: pc.isColorSupported,
});
