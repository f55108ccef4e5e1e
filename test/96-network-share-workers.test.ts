import { afterAll, describe, expect, test } from 'vitest';
import { TCN } from '../examples/networks/tcn.ts';
import { compile, manualSeed, Network, type NetworkHandle, nn, rand, randn } from '../lib/index.ts';
import { Dice } from './helpers/dice.ts';
import { revive } from './helpers/share/opener.ts';
import { Opener } from './helpers/share/worker.ts';

describe('several workers that have one network', () => {
  const workers = Array.from({ length: 3 }, () => new Opener());
  afterAll(async () => {
    await Promise.all(workers.map((worker) => worker.terminate()));
  });

  test('pack the layouts of fast algorithms at once', async () => {
    manualSeed(1);
    const module = new nn.Sequential(new nn.Conv1d(64, 64, 9), new nn.ReLU(), new nn.Conv1d(64, 64, 5)).eval();
    const network = compile(module, { input: rand(1, 64, 40), algorithm: 'fast' });
    const x = randn(2, 64, 500);
    const handle = network.share();
    const replies = await Promise.all(workers.map((worker) => worker.ask({ handle, how: 'run', calls: [[x]] })));
    const expected = network.forward(x);
    for (const reply of replies) {
      const [results] = (reply as { results: unknown[][] }).results;
      expect(results!.map(revive)).toEqual([expected, expected]);
    }
  });

  test('keep it when the one that made it ends', async () => {
    const [maker, other] = workers as [Opener, Opener];
    const x = randn(2, 2, 30);
    const none = { conv1dNetwork: '' };
    const made = (await maker.ask({ handle: none, how: 'share', calls: [[x]] })) as {
      results: [NetworkHandle, unknown][];
    };
    const [[handle, expected]] = made.results as [[NetworkHandle, unknown]];
    const opened = Network.open(handle);
    await maker.terminate();
    workers.shift();
    expect(opened.forward(x)).toEqual(revive(expected));
    const reply = (await other.ask({ handle, how: 'run', calls: [[x]] })) as { results: unknown[][] };
    expect(reply.results[0]!.map(revive)).toEqual([revive(expected), revive(expected)]);
  });

  test('are terminated while it runs, and harm nobody', async () => {
    manualSeed(2);
    const network = compile(new TCN(1, 3, 16, 3, 5).eval(), { input: rand(1, 1, 20) });
    const x = randn(2, 1, 3000);
    const expected = network.forward(x);
    const handle = network.share();
    await Promise.all(workers.map((worker) => worker.ask({ handle, how: 'spin', calls: [[x]] })));
    const dice = new Dice(96);
    for (const worker of workers) {
      for (let calls = dice.integer(0, 3); calls > 0; calls--) expect(await network.forwardAsync(x)).toEqual(expected);
      const call = network.forwardAsync(x);
      const ended = worker.terminate();
      expect(network.forward(x)).toEqual(expected);
      expect(await call).toEqual(expected);
      expect(await ended).toBe(1);
    }
    expect(Network.open(handle).forward(x)).toEqual(expected);
  });
});
