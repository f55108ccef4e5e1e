import { makeProgram, type Program } from '../../native/program.ts';
import { bytesPerElement, type FloatArray, type FloatDtype } from '../../tensor/dtype.ts';
import type { Meta } from '../../tensor/operation.ts';
import { cat } from '../../tensor/ops/cat.ts';
import { numelOf } from '../../tensor/shape.ts';
import { broadcastSlab, extentOf, slabOver, stridesOfSlab } from '../../tensor/slab.ts';
import type { AddStep, EpilogueOfStep, Region, Slab, Steps } from '../../tensor/steps.ts';
import { elementsOfView, floatsOfView } from '../../tensor/view.ts';
import type { Graph, Node, Value } from '../graph.ts';
import { elementOperands, isNumber } from '../passes/elements.ts';
import { hasLayer } from '../passes/layers.ts';
import type { Carrying } from './carrying.ts';
import type { InPlace } from './inPlace.ts';
import { type Lifetime, placeInArena } from './memory.ts';
import type { Range } from './signalRules.ts';
import type { NetworkSizes } from './sizes.ts';
import { encodeStages, type Stage } from './stages.ts';
import type { Stretch } from './stretch.ts';

/** The kinds of memory, as Program.place() numbers them. */
const ARENA = 0;
const INPUT = 1;
const OUTPUT = 2;

/** A multiple of any machine's cache line. */
const ALIGNMENT_BYTES = 64;

interface PlannedRegion extends Region {
  readonly kind: typeof ARENA | typeof INPUT | typeof OUTPUT | 'constant';
  readonly index: number;
  readonly values?: FloatArray;
}

/** A step before its places are known. */
interface PlannedStep {
  /** Undefined for a step that copies an input to an output. */
  readonly node: Node | undefined;
  readonly reads: readonly Slab[];
  readonly writes: readonly Slab[];
  readonly add: AddStep;
}

/** The graph to plan. */
export interface Plan {
  readonly graph: Graph;
  readonly dtype: FloatDtype;
  readonly inPlace: InPlace;
}

/** A network at fixed sizes. */
export interface Planned {
  readonly program: Program;
  readonly outputs: readonly Meta[];
  /** The nodes that have steps in the program. */
  readonly steps: readonly NodeCall[];
  /** For each step of the program, the index of its node among these; -1 for none. */
  readonly owners: readonly number[];
}

/** A node at fixed sizes. */
export interface NodeCall {
  readonly node: Node;
  readonly attributes: unknown;
  readonly inputs: readonly Meta[];
  readonly results: readonly Meta[];
}

/**
 * Plans a network at fixed sizes: the steps of each node, and the places of all values.
 *
 * @param part  a stretch of the signals, whose program reads and writes a stretch of each row of the inputs and outputs. Default: all
 */
export function planNetwork(plan: Plan, sizes: NetworkSizes, part: Part | null = null): Planned {
  return new Planner(plan, sizes, part).run();
}

/** A stretch, and the outputs for which it is computed. */
export interface Part extends Stretch {
  readonly outputs: readonly Range[];
  /** In a stream: what comes from the chunk before, and goes to the next one. */
  readonly carrying?: Carrying | undefined;
}

class Planner implements Steps {
  readonly #plan: Plan;
  readonly #sizes: NetworkSizes;
  readonly #part: Part | null;
  /** For each signal of a part: the range that lies in its slab. */
  readonly #ranges: Map<Value, Range>;
  /** The places of values. */
  readonly #slabs = new Map<Value, Slab>();
  /** The places of values that a step will write, chosen before it is planned. */
  readonly #homes = new Map<Value, Slab>();
  /** Places of values that their readers determine: outputs, and pieces of a concatenation. */
  readonly #reserved = new Map<Value, () => Slab>();
  readonly #outputs: Slab[];
  readonly #stateRegions = new Map<typeof INPUT | typeof OUTPUT, PlannedRegion>();
  readonly #constants = new Map<FloatArray, Slab>();
  readonly #steps: PlannedStep[] = [];
  #node: Node | undefined;

  constructor(plan: Plan, sizes: NetworkSizes, part: Part | null) {
    this.#plan = plan;
    this.#sizes = sizes;
    this.#part = part;
    this.#ranges = new Map(part?.ranges);
    const { inputs, outputs } = plan.graph;
    const arrayOf = (value: Value, kind: typeof INPUT | typeof OUTPUT, index: number, local: readonly number[]) => {
      // A stretch is part of the whole signal in memory, a chunk of a stream lies by itself.
      const shape = part?.carrying === undefined ? sizes.metaOf(value).shape : local;
      const whole = wholeOf({ kind, index, length: numelOf(shape) }, shape);
      return slabOver(whole, local, stridesOfSlab(whole));
    };
    for (const [i, value] of inputs.entries()) {
      this.#slabs.set(value, arrayOf(value, INPUT, i, this.#metaOf(value).shape));
    }
    this.#outputs = outputs.map((value, i) => {
      const { shape } = sizes.metaOf(value);
      const local = part === null ? shape : shape.with(this.#dimOf(value), lengthOf(part.outputs[i]!));
      return arrayOf(value, OUTPUT, i, local);
    });
  }

  run(): Planned {
    const { nodes, outputs } = this.#plan.graph;
    this.#reserve();
    this.#node = nodes[0];
    if (this.#part !== null) {
      for (const value of this.#plan.graph.inputs) {
        this.#slabs.set(value, this.contiguous(this.#slabOf(value)));
        this.#join(value);
      }
    }
    for (const node of nodes) {
      this.#lower(node);
      for (const each of [node, ...node.finishes.map((finish) => finish.node)]) {
        for (const value of each.results) this.#join(value);
      }
    }
    this.#node = undefined;
    // Copy outputs that are another output too, an input or a constant; for a stretch, copy all.
    for (const [i, value] of outputs.entries()) {
      const range = this.#part?.outputs[i];
      if (range !== undefined && lengthOf(range) === 0) continue;
      this.copy(range === undefined ? this.#slabOf(value) : this.#stretchOf(value, range), this.#outputs[i]!);
    }
    return {
      program: this.#emit(),
      outputs: outputs.map((value) => this.#sizes.metaOf(value)),
      ...this.#calls(),
    };
  }

  #calls(): { steps: NodeCall[]; owners: number[] } {
    const nodes = [...new Set(this.#steps.map(({ node }) => node))].filter((node) => node !== undefined);
    const metasOf = (values: readonly Value[]) => values.map((value) => this.#metaOf(value));
    const steps = nodes.map((node) => ({
      node,
      attributes: this.#attributesOf(node),
      inputs: metasOf(node.inputs),
      results: metasOf(node.results),
    }));
    const numbers = new Map(nodes.map((node, i) => [node, i]));
    return { steps, owners: this.#steps.map(({ node }) => (node === undefined ? -1 : numbers.get(node)!)) };
  }

  #attributesOf(node: Node): unknown {
    const whole = this.#sizes.attributesOf(node);
    const own = this.#part?.nodes.get(node)?.attributes;
    return own === undefined ? whole : { ...(whole as object), ...own };
  }

  /** The dimension along which a signal goes on. */
  #dimOf(value: Value): number {
    return this.#part?.carrying?.dimOf(value) ?? this.#sizes.metaOf(value).shape.length - 1;
  }

  /** The dtype and shape of the part of a value that exists. */
  #metaOf(value: Value): Meta {
    const whole = this.#sizes.metaOf(value);
    const range = this.#ranges.get(value);
    return range === undefined
      ? whole
      : { dtype: whole.dtype, shape: whole.shape.with(this.#dimOf(value), lengthOf(range)) };
  }

  /** Some positions of a signal, which may have more; any other value as it is. */
  #stretchOf(value: Value, wanted: Range | undefined): Slab {
    const slab = this.#slabOf(value);
    const range = this.#ranges.get(value);
    if (wanted === undefined || range === undefined || isSameRange(range, wanted)) return slab;
    return this.#along(slab, value, wanted, wanted.begin - range.begin);
  }

  /** The positions of a range, taken from a slab that begins at `from`. */
  #along(slab: Slab, value: Value, range: Range, from: number): Slab {
    const dim = this.#dimOf(value);
    const strides = stridesOfSlab(slab);
    return slabOver(slab, slab.shape.with(dim, lengthOf(range)), strides, from * strides[dim]!);
  }

  /** A signal in memory with the range of another one; if it is empty, any memory. */
  #alignedTo(value: Value, wanted: Range | undefined): Slab {
    const range = this.#ranges.get(value);
    if (wanted === undefined || range === undefined || isInside(wanted, range)) {
      return this.contiguous(this.#stretchOf(value, wanted));
    }
    const slab = this.#slabOf(value);
    const both = { begin: Math.max(range.begin, wanted.begin), end: Math.min(range.end, wanted.end) };
    const out = this.temporary(slab.shape.with(this.#dimOf(value), lengthOf(wanted)));
    this.copy(this.#stretchOf(value, both), this.#along(out, value, both, both.begin - wanted.begin));
    return out;
  }

  /** Joins the kept part of a signal and the new one, and keeps what later chunks need of both. */
  #join(value: Value): void {
    const carried = this.#part?.carrying?.signals.get(value);
    if (carried === undefined) return;
    const { before, fresh, after } = carried;
    const { shape } = this.#sizes.metaOf(value);
    const shapeOf = (range: Range) => shape.with(this.#dimOf(value), lengthOf(range));
    const [isOld, isNew] = [lengthOf(before) > 0, lengthOf(fresh) > 0];
    const range = { begin: isOld ? before.begin : fresh.begin, end: fresh.end };
    if (isNew) {
      const come = this.#stretchOf(value, fresh);
      if (isOld) {
        const joined = this.temporary(shapeOf(range));
        this.copy(this.#state(INPUT, shapeOf(before), carried.from), this.#along(joined, value, before, 0));
        this.copy(come, this.#along(joined, value, fresh, lengthOf(before)));
        this.#slabs.set(value, joined);
      } else {
        this.#slabs.set(value, come);
      }
    } else if (isOld) {
      this.#slabs.set(value, this.#state(INPUT, shapeOf(before), carried.from));
    }
    this.#ranges.set(value, range);
    if (lengthOf(after) > 0) this.copy(this.#stretchOf(value, after), this.#state(OUTPUT, shapeOf(after), carried.to));
  }

  /** A piece of what a stream carries: it comes as an input after the others, and goes as an output. */
  #state(kind: typeof INPUT | typeof OUTPUT, shape: readonly number[], offset: number): Slab {
    const { graph } = this.#plan;
    const { lengthBefore, lengthAfter } = this.#part!.carrying!;
    const [index, length] = kind === INPUT ? [graph.inputs.length, lengthBefore] : [graph.outputs.length, lengthAfter];
    const region = this.#stateRegions.get(kind) ?? { kind, index, length };
    this.#stateRegions.set(kind, region);
    return { region, offset, shape, strides: null };
  }

  #reserve(): void {
    if (this.#part?.carrying !== undefined) return;
    const { nodes, outputs } = this.#plan.graph;
    const reserve = (value: Value, home: () => Slab) => {
      if (!this.#reserved.has(value)) this.#reserved.set(value, home);
    };
    if (this.#part === null) for (const [i, value] of outputs.entries()) reserve(value, () => this.#outputs[i]!);
    for (const node of nodes) {
      if (node.operation !== cat) continue;
      const { dim } = this.#attributesOf(node) as { dim: number };
      const [whole] = node.results as [Value];
      const { shape } = this.#metaOf(whole);
      // Otherwise the pieces of several rows lie apart.
      if (numelOf(shape.slice(0, dim)) !== 1 || !node.inputs.every((value) => this.#isAlike(value, whole))) continue;
      let begin = 0;
      for (const value of node.inputs) {
        const own = this.#metaOf(value).shape;
        const offset = begin;
        reserve(value, () => slabOver(this.#home(whole), own, null, offset));
        begin += numelOf(own);
      }
    }
  }

  /** Whether both signals have the same range. */
  #isAlike(a: Value, b: Value): boolean {
    const [x, y] = [a, b].map((value) => this.#ranges.get(value));
    return x === y || (x !== undefined && y !== undefined && isSameRange(x, y));
  }

  #home(value: Value): Slab {
    const known = this.#homes.get(value);
    if (known !== undefined) return known;
    const { shape } = this.#metaOf(value);
    const next = this.#plan.inPlace.get(value);
    const home =
      next === undefined
        ? (this.#reserved.get(value)?.() ?? this.temporary(shape))
        : slabOver(this.#home(next), shape, null);
    this.#homes.set(value, home);
    return home;
  }

  #slabOf(value: Value): Slab {
    const slab = this.#slabs.get(value);
    if (slab !== undefined) return slab;
    const view = value.known!;
    const known = slabOver(this.constant(elementsOfView(view) as FloatArray), view.shape, null);
    this.#slabs.set(value, known);
    return known;
  }

  #lower(node: Node): void {
    this.#node = node;
    const states = this.#part?.carrying?.states.get(node);
    if (this.#part?.carrying?.idle.has(node) === true) {
      for (const { shape, from, to } of states ?? []) {
        if (from !== null) this.copy(this.#state(INPUT, shape, from), this.#state(OUTPUT, shape, to));
      }
      return;
    }
    const operands = hasLayer(node) ? undefined : elementOperands(node);
    if (operands !== undefined) this.#lowerFunctions(node, operands[0]!);
    else this.#lowerOperation(node);
  }

  #lowerOperation(node: Node): void {
    const { operation, inputs, results } = node;
    const metas = results.map((value) => this.#metaOf(value));
    const states = this.#part?.carrying?.states.get(node) ?? [];
    const carried = states.flatMap(({ shape, from }) => (from === null ? [] : [this.#state(INPUT, shape, from)]));
    // A carried state replaces the initial one.
    const read = carried.length > 0 ? inputs.slice(0, 1) : inputs;
    const slabs = operation.lower!(
      this,
      [...read.map((value) => this.#stretchOf(value, this.#wantedOf(node))), ...carried],
      this.#attributesOf(node),
      metas as [Meta, ...Meta[]],
    );
    for (const [i, { shape, to }] of states.entries()) this.copy(slabs[i + 1]!, this.#state(OUTPUT, shape, to));
    for (const [i, value] of results.entries()) {
      // Copy a view of another value that needs a place of its own.
      const home = this.#reserved.get(value)?.();
      if (home !== undefined) this.copy(slabs[i]!, home);
      this.#slabs.set(value, home ?? slabs[i]!);
    }
  }

  /** The parts of its inputs that a node reads. */
  #wantedOf(node: Node): Range | undefined {
    const stretch = this.#part?.nodes.get(node);
    return stretch && { begin: stretch.inputs.begin + (stretch.skipped ?? 0), end: stretch.inputs.end };
  }

  /** Element-wise functions whose first operand does not come from a step with weights. */
  #lowerFunctions(node: Node, operand: number): void {
    const [result] = node.results as [Value];
    const out = this.#home(result);
    const stages = [{ node, operand }, ...node.finishes].map((each) => this.#stage(each.node, each.operand));
    const { shape } = this.#metaOf(result);
    const ofChannels = stages.map(({ form }) => form).find((form) => form.kind === 'channel' && form.a.length > 1);
    const dim = ofChannels?.kind === 'channel' ? ofChannels.channelDim : -1;
    const sizes = [numelOf(shape.slice(0, Math.max(dim, 0))), shape[dim] ?? 1, numelOf(shape.slice(dim + 1))] as const;
    const { reads, writes } = touched(stages);
    this.add(reads, [out, ...writes], (program, place) =>
      program.pointwise(...sizes, -1, place(out), encodeStages(stages, out, place)),
    );
  }

  #stage(node: Node, operand: number): Stage {
    const { operation, inputs, results } = node;
    const form = 'elementFunction' in operation ? operation.elementFunction?.(this.#attributesOf(node)) : undefined;
    if (form === undefined) throw new Error(`${operation.name} is no function of elements`);
    const wanted = this.#ranges.get(results[0]!);
    const from = this.contiguous(this.#stretchOf(inputs[operand]!, wanted));
    const to = this.#home(results[0]!);
    this.#slabs.set(results[0]!, to);
    const shared = { form, from, to, otherIsLeft: operand === 1 };
    if (form.kind === 'channel' && form.a.length > 1) {
      return { ...shared, a: this.constant(form.a), b: form.b === null ? undefined : this.constant(form.b) };
    }
    if (form.kind !== 'binary' || inputs.length === 1) return shared;
    const other = inputs[1 - operand]!;
    if (isNumber(other)) return { ...shared, form: { ...form, other: floatsOfView(other.known!)[0]! } };
    // It has the result's shape in all traces, but may be repeated at these sizes.
    return { ...shared, other: this.contiguous(broadcastSlab(this.#alignedTo(other, wanted), to.shape)) };
  }

  result(index = 0): Slab {
    return this.#home(this.#node!.results[index]!);
  }

  temporary(shape: readonly number[]): Slab {
    return wholeOf({ kind: ARENA, index: 0, length: numelOf(shape) }, shape);
  }

  constant(values: FloatArray): Slab {
    const known = this.#constants.get(values);
    if (known !== undefined) return known;
    const slab = wholeOf({ kind: 'constant', index: 0, length: values.length, values }, [values.length]);
    this.#constants.set(values, slab);
    return slab;
  }

  contiguous(x: Slab): Slab {
    if (x.strides === null) return x;
    const packed = this.temporary(x.shape);
    this.copy(x, packed);
    return packed;
  }

  copy(from: Slab, to: Slab): void {
    const { shape } = from;
    if (numelOf(shape) === 0 || (from.region === to.region && from.offset === to.offset)) return;
    const [source, target] = [stridesOfSlab(from), stridesOfSlab(to)];
    this.add([from], [to], (program, place) => program.copy(shape, place(from), 0, source, place(to), 0, target));
  }

  epilogue(): EpilogueOfStep {
    const node = this.#node!;
    const out = this.result();
    this.#slabs.set(node.results[0]!, out);
    const stages = node.finishes.map((finish) => this.#stage(finish.node, finish.operand));
    return { ...touched(stages), encode: (place) => encodeStages(stages, out, place) };
  }

  add(reads: readonly Slab[], writes: readonly Slab[], add: AddStep): void {
    this.#steps.push({ node: this.#node, reads, writes, add });
  }

  /** Gives every region a place, and adds the steps to the program. */
  #emit(): Program {
    const begins = this.#placeRegions();
    const program = makeProgram(this.#plan.dtype);
    const places = new Map<Region, Map<string, number>>();
    const constants = new Map<Region, number>();
    const place = (slab: Slab): number => {
      const region = slab.region as PlannedRegion;
      if (region.kind === 'constant') {
        const known = constants.get(region) ?? program.constant(region.values!);
        constants.set(region, known);
        return known;
      }
      const known = places.get(region) ?? new Map<string, number>();
      places.set(region, known);
      const length = extentOf(slab);
      const key = `${slab.offset} ${length}`;
      const number =
        known.get(key) ?? program.place(region.kind, region.index, (begins.get(region) ?? 0) + slab.offset, length);
      known.set(key, number);
      return number;
    };
    for (const { add } of this.#steps) add(program, place);
    return program;
  }

  /** The offsets of the arena's regions. */
  #placeRegions(): ReadonlyMap<Region, number> {
    const lifetimes = new Map<Region, Lifetime>();
    for (const [i, { reads, writes }] of this.#steps.entries()) {
      for (const { region } of [...reads, ...writes]) {
        if ((region as PlannedRegion).kind !== ARENA) continue;
        const first = lifetimes.get(region)?.first ?? i;
        lifetimes.set(region, { length: region.length, first, last: i });
      }
    }
    const offsets = placeInArena([...lifetimes.values()], ALIGNMENT_BYTES / bytesPerElement(this.#plan.dtype));
    return new Map([...lifetimes.keys()].map((region, i) => [region, offsets[i]!]));
  }
}

function lengthOf({ begin, end }: Range): number {
  return end - begin;
}

function isSameRange(a: Range, b: Range): boolean {
  return a.begin === b.begin && a.end === b.end;
}

function isInside(inner: Range, outer: Range): boolean {
  return inner.begin >= outer.begin && inner.end <= outer.end;
}

function wholeOf(region: PlannedRegion, shape: readonly number[]): Slab {
  return { region, offset: 0, shape, strides: null };
}

function touched(stages: readonly Stage[]): { reads: readonly Slab[]; writes: readonly Slab[] } {
  return {
    reads: stages.flatMap(({ from, other, a, b }) => [from, other, a, b].filter((slab) => slab !== undefined)),
    writes: stages.map(({ to }) => to),
  };
}
