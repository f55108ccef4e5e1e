import type { Engine } from '../batch/engine.ts';
import type { Terminal } from './terminal.ts';
import type { Totals } from './totals.ts';

/** Says once that recordings of different sample rates went through what does not say which one it is for. */
export function warnOfMixedRates(
  { sampleRate }: Pick<Engine, 'sampleRate'>,
  { rates }: Totals,
  terminal: Terminal,
): void {
  if (sampleRate !== undefined || rates.size < 2) return;
  const named = [...rates]
    .sort(([a], [b]) => a - b)
    .map(([rate, files]) => `${rate} Hz (${files} ${files === 1 ? 'file' : 'files'})`);
  terminal.warn(
    `the recordings have different sample rates: ${named.join(', ')}; --sample-rate, or sample_rate in the metadata of the weights, refuses all but one`,
  );
}
