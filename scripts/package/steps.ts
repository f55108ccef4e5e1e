import pc from 'picocolors';

/** Steps of a proof, run one after the other; it reports a failure and the others go on. */
export class Steps {
  #passed = 0;
  readonly #failed: string[] = [];

  /** Runs a step, and prints what it returns behind its name. */
  run(name: string, body: () => string | undefined): void {
    try {
      const note = body();
      this.#passed++;
      console.log(`${pc.green('ok')} ${name}${note === undefined ? '' : pc.dim(` (${note})`)}`);
    } catch (error) {
      this.#failed.push(name);
      console.log(`${pc.red('failed')} ${name}\n${error instanceof Error ? error.message : String(error)}`);
    }
  }

  /** Prints the counts; true when nothing failed. */
  finish(): boolean {
    for (const name of this.#failed) console.log(`${pc.red('failed')} ${name}`);
    console.log(`${this.#passed} passed, ${this.#failed.length} failed`);
    return this.#failed.length === 0;
  }
}
