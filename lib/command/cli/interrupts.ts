const SIGNALS = ['SIGINT', 'SIGTERM'] as const;
/** What a shell reports for a process that a signal ended. */
const EXIT_CODES = { SIGINT: 130, SIGTERM: 143 } as const;

type Interrupt = (typeof SIGNALS)[number];

/**
 * The first SIGINT or SIGTERM is a wish: it calls `stop` with the signal and the exit code for it. A second one ends the process
 * at once.
 *
 * @returns what takes it back
 */
export function onInterrupt(stop: (signal: Interrupt, exitCode: number) => void): () => void {
  let asked = false;
  const listen = (signal: NodeJS.Signals): void => {
    const exitCode = EXIT_CODES[signal as Interrupt];
    if (asked) process.exit(exitCode);
    asked = true;
    stop(signal as Interrupt, exitCode);
  };
  for (const signal of SIGNALS) process.on(signal, listen);
  return () => {
    for (const signal of SIGNALS) process.off(signal, listen);
  };
}
