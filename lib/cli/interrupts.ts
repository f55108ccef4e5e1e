const SIGNALS = ['SIGINT', 'SIGTERM'] as const;
/** What a shell reports for a process that a signal ended. */
const EXIT_CODES = { SIGINT: 130, SIGTERM: 143 } as const;

/**
 * The first SIGINT or SIGTERM is a wish: `stop` is called. A second one ends the process at once.
 *
 * @returns what takes it back
 */
export function onInterrupt(stop: () => void): () => void {
  let asked = false;
  const listen = (signal: NodeJS.Signals): void => {
    if (asked) process.exit(EXIT_CODES[signal as keyof typeof EXIT_CODES]);
    asked = true;
    stop();
  };
  for (const signal of SIGNALS) process.on(signal, listen);
  return () => {
    for (const signal of SIGNALS) process.off(signal, listen);
  };
}
