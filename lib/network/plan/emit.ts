import { makeProgram, type Program } from '../../native/program.ts';
import { bytesPerElement, type FloatArray, type FloatDtype } from '../../tensor/dtype.ts';
import { extentOf } from '../../tensor/slab.ts';
import type { AddStep, Region, Slab } from '../../tensor/steps.ts';
import type { Node } from '../graph.ts';
import { type Lifetime, placeInArena } from './memory.ts';

/** The kinds of memory, as Program.place() numbers them. */
export const ARENA = 0;
export const INPUT = 1;
export const OUTPUT = 2;

/** A multiple of any machine's cache line. */
const ALIGNMENT_BYTES = 64;

/** Memory of a program: some of the arena, an input, an output or a constant. */
export interface PlannedRegion extends Region {
  readonly kind: typeof ARENA | typeof INPUT | typeof OUTPUT | 'constant';
  readonly index: number;
  readonly values?: FloatArray;
}

/** A step before its places are known. */
export interface PlannedStep {
  /** Undefined for a step that copies an input to an output. */
  readonly node: Node | undefined;
  readonly reads: readonly Slab[];
  readonly writes: readonly Slab[];
  readonly add: AddStep;
}

/** All of a region. */
export function wholeOf(region: PlannedRegion, shape: readonly number[]): Slab {
  return { region, offset: 0, shape, strides: null };
}

/** Makes a program of planned steps: gives every region a place, and adds the steps. */
export function emit(steps: readonly PlannedStep[], dtype: FloatDtype): Program {
  const begins = placeRegions(steps, ALIGNMENT_BYTES / bytesPerElement(dtype));
  const program = makeProgram(dtype);
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
  for (const { add } of steps) add(program, place);
  return program;
}

/** The offsets of the arena's regions. */
function placeRegions(steps: readonly PlannedStep[], alignment: number): ReadonlyMap<Region, number> {
  const lifetimes = new Map<Region, Lifetime>();
  for (const [i, { reads, writes }] of steps.entries()) {
    for (const { region } of [...reads, ...writes]) {
      if ((region as PlannedRegion).kind !== ARENA) continue;
      const first = lifetimes.get(region)?.first ?? i;
      lifetimes.set(region, { length: region.length, first, last: i });
    }
  }
  const offsets = placeInArena([...lifetimes.values()], alignment);
  return new Map([...lifetimes.keys()].map((region, i) => [region, offsets[i]!]));
}
