import { sep } from 'node:path';
import { readOutputs } from './manifest.ts';
import { isWithin, realPlace } from './places.ts';

/** Tells the outputs in the folder of `--out` from inputs. All paths are real ones. */
export class Outputs {
  readonly #out: string;
  #written: ReadonlySet<string> | undefined;

  private constructor(out: string) {
    this.#out = out;
  }

  static async in(out: string): Promise<Outputs> {
    return new Outputs(await realPlace(out));
  }

  /** Whether the inputs below this folder get their outputs beside them. */
  async areIn(folder: string): Promise<boolean> {
    return (await realPlace(folder)) === this.#out;
  }

  /**
   * What is an output and no input, for inputs below a folder. Where the folder lies in that of the outputs, it is what the manifest
   * lists; else, all that lies there.
   */
  async below(folder: string): Promise<(real: string) => boolean> {
    const out = this.#out;
    if (!isWithin(await realPlace(folder), out)) return (real) => isWithin(real, out);
    this.#written ??= await readOutputs(out);
    const written = this.#written;
    const start = out.endsWith(sep) ? out.length : out.length + 1;
    return (real) => isWithin(real, out) && written.has(real.slice(start).replaceAll(sep, '/'));
  }
}
