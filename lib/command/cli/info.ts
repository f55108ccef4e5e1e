import { availableParallelism, cpus } from 'node:os';
import type { Command } from 'commander';
import type { Terminal } from './terminal.ts';

/** Adds `conv1d info`: what a convolution runs on, or what a network is. */
export function addInfo(program: Command, terminal: Terminal, version: string): void {
  program
    .command('info')
    .summary('print the CPU, the implementations and the versions, or what a network computes')
    .description(
      'Prints the CPU, the implementations it can run, the threads and the versions; of a network its inputs, outputs, steps and memory.',
    )
    .argument('[network]', 'a network, as saveNetwork() writes it, or an ONNX model')
    .action(async (network: string | undefined) => {
      // Loaded here and not above: --help works even where no native binary does.
      if (network !== undefined) {
        const { printNetwork } = await import('./networkInfo.ts');
        return printNetwork(network, terminal);
      }
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
