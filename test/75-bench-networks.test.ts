import { describe, expect, test } from 'vitest';
import { NETWORKS } from '../bench/networks/cases.ts';
import { countFlops } from '../bench/networks/flops.ts';
import { rand } from '../lib/index.ts';

describe('the networks', () => {
  test.each([
    ['snac', 8545.3],
    ['hifigan', 52_813.0],
    ['hifigan128', 3311.9],
    ['encodec', 2979.5],
    ['vad', 1.4],
    ['inception', 7835.7],
    ['tcn', 3315.4],
  ])('%s does %d million operations', async (id, mflop) => {
    const { make, shapes } = NETWORKS.find((each) => each.id === id)!;
    const network = (await make()).eval();
    const inputs = shapes.map((shape) => rand(...shape));
    expect(countFlops(network, inputs) / 1e6).toBeCloseTo(mflop, 1);
  });
});
