import { expect, test } from 'vitest';
import { measureLoad } from '../../bench/speech/measure.ts';

test.runIf(process.platform === 'linux')(
  'speakers in real time, from another process, get every answer with the bits of forward',
  async () => {
    const { sent, answered, error, memory, processor } = await measureLoad(
      { peer: 'conv1d', threads: 1, model: '' },
      20,
      3,
    );
    expect(sent).toBeGreaterThan(1000);
    expect([answered, error]).toEqual([sent, 0]);
    expect(Math.max(...memory)).toBeGreaterThan(50);
    expect(processor).toBeGreaterThan(0);
  },
);
