import { availableParallelism, cpus } from 'node:os';
import type { Command } from 'commander';
import type { Terminal } from './terminal.ts';

/** Adds `conv1d info`: what a convolution runs on. */
export function addInfo(program: Command, terminal: Terminal, version: string): void {
  program
    .command('info')
    .description('print the CPU, the implementations it can run, the threads and the versions')
    .action(async () => {
      // Loaded here and not above: --help works even where no native binary does.
      const { cpuInfo } = await import('../../native/runtime.ts');
      const { isa, supported, threads } = cpuInfo();
      const { bold, green } = terminal.colors;
      const implementations = supported.map((name) => (name === isa ? green(`${name} (in use)`) : name));
      const model = cpus()[0]?.model.trim() || 'unknown';
      const rows: readonly (readonly [string, string])[] = [
        ['conv1d', version],
        ['CPU', `${model} (${availableParallelism()} available)`],
        ['implementations', implementations.join(', ')],
        ['threads', String(threads)],
        ['Node.js', `${process.version} ${process.platform}-${process.arch}`],
      ];
      for (const [name, value] of rows) terminal.print(`${bold(name.padEnd(17))}${value}`);
    });
}
