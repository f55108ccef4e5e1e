import { requireNotAborted } from '../../native/background.ts';
import { bytesPerElement, type Elements } from '../../tensor/dtype.ts';
import type { Meta } from '../../tensor/operation.ts';
import { numelOf } from '../../tensor/shape.ts';
import { isSymbol, symbolIsRead } from '../../tensor/tracing.ts';
import { copyOfView, elementsOfView, sameView, type View, viewOfAll } from '../../tensor/view.ts';
import type { Profiler, Ready, Report } from '../run/ready.ts';
import { type HostCall, runHost } from './runHost.ts';
import type { Slots, Turn } from './slots.ts';

/** One turn of a call, at fixed sizes. */
export type Call = Turn &
  ({ readonly program: Ready; readonly host: null } | { readonly program: null; readonly host: HostCall });

/** Native programs and nodes of the host, ready to run in turns. */
export class MixedReady implements Ready {
  readonly outputs: readonly Meta[];
  readonly reports: readonly Report[];
  readonly #calls: readonly Call[];
  readonly #slots: Slots;
  readonly #inputs: readonly Meta[];

  constructor(calls: readonly Call[], slots: Slots, inputs: readonly Meta[], outputs: readonly Meta[]) {
    this.#inputs = inputs;
    this.#calls = calls;
    this.#slots = slots;
    this.outputs = outputs;
    this.reports = calls.flatMap(({ program, host }) =>
      program === null ? [{ steps: [host], times: 1, isHost: true }] : program.reports,
    );
  }

  run(inputs: readonly View[]): Elements[] {
    return this.#results(inputs, this.#run(inputs));
  }

  #run(inputs: readonly View[]): readonly (View | undefined)[] {
    const values = this.#begin(inputs);
    for (const call of this.#calls) {
      const given = call.reads.map((slot) => values[slot]!);
      this.#end(call, call.program === null ? runHost(call.host, given) : viewsOf(call.program, given), values);
    }
    return values;
  }

  runInto(inputs: readonly Elements[], outputs: readonly Elements[]): void {
    const views = inputs.map((elements, i) => viewOf(elements, this.#inputs[i]!));
    const values = this.#run(views);
    for (const [i, slot] of this.#slots.outputs.entries()) {
      (outputs[i] as { set(from: unknown): void }).set(elementsOfView(values[slot]!));
    }
  }

  async runAsync(inputs: readonly View[], signal: AbortSignal | undefined): Promise<Elements[]> {
    requireNotAborted(signal);
    // Copies, since the caller may write to the inputs while the first programs run.
    const own = inputs.map(copyOfView);
    const values = this.#begin(own);
    for (const call of this.#calls) {
      const given = call.reads.map((slot) => values[slot]!);
      if (call.program === null) {
        this.#end(call, runHost(call.host, given), values);
      } else {
        const { program } = call;
        const made = await program.runAsync(given, signal);
        this.#end(
          call,
          made.map((elements, i) => viewOf(elements, program.outputs[i]!)),
          values,
        );
      }
    }
    return this.#results(own, values);
  }

  profiler(inputs: readonly View[]): Profiler {
    // Each piece gets the values of a whole run.
    const values = this.#begin(inputs);
    const pieces: Profiler[] = [];
    let first = 0;
    for (const call of this.#calls) {
      const given = call.reads.map((slot) => values[slot]!);
      const { program, host } = call;
      const piece = program === null ? hostProfiler(host, given) : program.profiler(given);
      pieces.push({ run: piece.run, owners: piece.owners.map((owner) => (owner < 0 ? owner : first + owner)) });
      first += program === null ? 1 : program.reports.reduce((sum, { steps }) => sum + steps.length, 0);
      this.#end(call, program === null ? runHost(host, given) : viewsOf(program, given), values);
    }
    return {
      run: () => Float64Array.from(pieces.flatMap(({ run }) => [...run()])),
      owners: pieces.flatMap(({ owners }) => owners),
    };
  }

  workingBytes(): number {
    const sizes = new Map<number, number>();
    const outputs = new Set(this.#slots.outputs);
    let [between, most] = [0, 0];
    for (const { program, host, writes, frees } of this.#calls) {
      const made = program?.outputs ?? host!.results;
      for (const [i, slot] of writes.entries()) {
        if (outputs.has(slot)) continue; // they are the caller's
        const { dtype, shape } = made[i]!;
        const bytes = numelOf(shape) * bytesPerElement(dtype);
        sizes.set(slot, bytes);
        between += bytes;
      }
      most = Math.max(most, between + (program?.workingBytes() ?? 0));
      for (const slot of frees) {
        between -= sizes.get(slot) ?? 0;
        sizes.delete(slot);
      }
    }
    return most;
  }

  #begin(inputs: readonly View[]): (View | undefined)[] {
    if (inputs.some(isSymbol)) throw symbolIsRead();
    const values = [...this.#slots.known];
    for (const [i, slot] of this.#slots.inputs.entries()) values[slot] = withoutHistory(inputs[i]!);
    return values;
  }

  /** Keeps the results of a turn, and drops values that nobody needs any more. */
  #end({ writes, frees }: Call, made: readonly View[], values: (View | undefined)[]): void {
    for (const [i, slot] of writes.entries()) values[slot] = made[i]!;
    for (const slot of frees) values[slot] = undefined;
  }

  /** The outputs in memory of their own. */
  #results(inputs: readonly View[], values: readonly (View | undefined)[]): Elements[] {
    const taken = new Set([...inputs, ...this.#slots.known].map((view) => view?.storage.buffer));
    return this.#slots.outputs.map((slot) => {
      const elements = elementsOfView(values[slot]!);
      const isOwn = !taken.has(elements.buffer) && elements.buffer.byteLength === elements.byteLength;
      const own = isOwn ? elements : elements.slice();
      taken.add(own.buffer);
      return own;
    });
  }
}

/** Gradients do not flow through a compiled network. */
function withoutHistory(view: View): View {
  return view.history === null ? view : sameView(view);
}

function viewOf(elements: Elements, { dtype, shape }: Meta): View {
  return viewOfAll(elements, dtype, shape);
}

function viewsOf(program: Ready, inputs: readonly View[]): View[] {
  return program.run(inputs).map((elements, i) => viewOf(elements, program.outputs[i]!));
}

function hostProfiler(call: HostCall, inputs: readonly View[]): Profiler {
  const run = () => {
    const begin = performance.now();
    runHost(call, inputs);
    return Float64Array.of((performance.now() - begin) / 1000);
  };
  return { run, owners: [0] };
}
