import type { Figure } from '../figures.ts';
import {
  type NetworkInfo,
  type NetworkResults,
  type NetworkRun,
  type NetworkTime,
  networkTime,
  type WayId,
} from './results.ts';

/** The time of one way over that of another, network by network, where both have one. */
export function networkRatios(
  { networks }: NetworkResults,
  run: NetworkRun,
  over: WayId,
  under: WayId,
  kind: NetworkTime = 'median',
): Figure[] {
  return networks.flatMap(({ name }, i) => {
    const [a, b] = [networkTime(run, i, over, kind), networkTime(run, i, under, kind)];
    return a === null || b === null ? [] : [{ name, value: a / b }];
  });
}

/** The shortest time a network can take, in milliseconds: all its products at the FMA peak of the threads. */
export function networkLimit({ flops }: NetworkInfo, { peak }: NetworkRun): number {
  return flops / peak / 1e6;
}

/** The time of one way over the limit of the machine, network by network. */
export function networkOverLimit(
  { networks }: NetworkResults,
  run: NetworkRun,
  way: WayId,
  kind: NetworkTime = 'median',
): Figure[] {
  return networks.flatMap((network, i) => {
    const ms = networkTime(run, i, way, kind);
    return ms === null ? [] : [{ name: network.name, value: ms / networkLimit(network, run) }];
  });
}

/** How many times as fast a run is as another with the same instruction set, network by network. */
export function networkGains(
  { networks }: NetworkResults,
  single: NetworkRun,
  several: NetworkRun,
  way: WayId,
  kind: NetworkTime = 'median',
): Figure[] {
  return networks.flatMap(({ name }, i) => {
    const [a, b] = [networkTime(single, i, way, kind), networkTime(several, i, way, kind)];
    return a === null || b === null ? [] : [{ name, value: a / b }];
  });
}

/** The run on one thread with the instruction set of another run. */
export function singleThread({ runs }: NetworkResults, { isa }: NetworkRun): NetworkRun | undefined {
  return runs.find((run) => run.threads === 1 && run.isa === isa);
}

/** The mean or largest error of one way over that of onnxruntime, both against float64. */
export function errorRatios(
  { networks }: NetworkResults,
  run: NetworkRun,
  way: WayId,
  which: 'mean' | 'max',
): Figure[] {
  const errorOf = (network: number, id: WayId) => {
    const outcome = run.measured[network]?.outcomes[id];
    return outcome === undefined || 'why' in outcome ? undefined : outcome.errors?.[which];
  };
  return networks.flatMap(({ name }, i) => {
    const [a, b] = [errorOf(i, way), errorOf(i, 'onnxruntime')];
    return a === undefined || b === undefined ? [] : [{ name, value: a / b }];
  });
}
