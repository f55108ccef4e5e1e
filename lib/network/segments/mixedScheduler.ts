import type { Meta } from '../../tensor/operation.ts';
import type { Node, Value } from '../graph.ts';
import { type Numbers, numbersWithin } from '../plan/numbers.ts';
import { Scheduler } from '../plan/scheduler.ts';
import { NetworkSizes } from '../plan/sizes.ts';
import type { Ready } from '../run/ready.ts';
import type { Mixed } from './mixed.ts';
import { type Call, MixedReady } from './mixedReady.ts';
import { type HostCall, hostCall } from './runHost.ts';
import { makeSlots, type Slots } from './slots.ts';

/** Makes a network of several segments ready for inputs of some shapes. */
export class MixedScheduler {
  readonly #mixed: Mixed;
  readonly #slots: Slots;
  /** One per segment; null for a segment of the host. */
  readonly #schedulers: readonly (Scheduler | null)[];

  constructor(mixed: Mixed, numbers: Numbers, maxWorkingBytes: number) {
    this.#mixed = mixed;
    this.#slots = makeSlots(mixed);
    this.#schedulers = mixed.segments.map(({ plan }) =>
      plan === null ? null : new Scheduler(plan, numbersWithin(plan.graph.inputs, numbers), maxWorkingBytes),
    );
  }

  /** @param variables  L and N of the network's inputs */
  make(inputs: readonly Meta[], variables: readonly number[], threads: number): Ready {
    const { segments, outputs } = this.#mixed;
    const metas = new Map<Value, Meta>();
    for (const [i, value] of this.#mixed.inputs.entries()) metas.set(value, inputs[i]!);
    const metasOf = (values: readonly Value[]) => values.map((value) => value.known ?? metas.get(value)!);
    const programs = new Map<number, Ready>();
    const hosts = new Map<Node, HostCall>();
    for (const [i, { plan, host }] of segments.entries()) {
      if (plan !== null) {
        const ready = this.#schedulers[i]!.make(metasOf(plan.graph.inputs), variables, threads);
        for (const [k, value] of plan.graph.outputs.entries()) metas.set(value, ready.outputs[k]!);
        programs.set(i, ready);
        continue;
      }
      const sizes = new NetworkSizes(host, metasOf(host.inputs), variables);
      for (const node of host.nodes) {
        for (const value of node.results) metas.set(value, sizes.metaOf(value));
        const [inputs, results] = [metasOf(node.inputs), metasOf(node.results)];
        hosts.set(node, hostCall({ node, attributes: sizes.attributesOf(node), inputs, results }));
      }
    }
    const calls = this.#slots.turns.map(
      (turn): Call =>
        turn.node === undefined
          ? { ...turn, program: programs.get(turn.segment)!, host: null }
          : { ...turn, program: null, host: hosts.get(turn.node)! },
    );
    return new MixedReady(calls, this.#slots, inputs, metasOf(outputs));
  }
}
