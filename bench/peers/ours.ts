import { readFileSync } from 'node:fs';
import { loadLibrary } from '../library.ts';
import { outLength } from '../problems.ts';
import { serve } from './serve.ts';

// What users write: conv.eval() once, then conv.forward(x), a fresh result every time.
await serve(async (threads) => {
  const { Conv1d, cpuInfo, setNumThreads, tensor } = await loadLibrary();
  setNumThreads(threads);
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  return {
    version: `${version}, ${cpuInfo().isa}`,
    prepare(p, values) {
      const { stride, dilation, groups } = p;
      const padding = [p.padLeft, p.padRight] as const;
      const conv = new Conv1d(p.inChannels, p.outChannels, p.kernelSize, { stride, padding, dilation, groups });
      const weight = tensor(values.weight, [p.outChannels, p.inChannels / groups, p.kernelSize]);
      conv.loadStateDict({ weight, bias: tensor(values.bias) });
      conv.eval();
      const x = tensor(values.input, [p.batch, p.inChannels, p.length]);
      let y = conv.forward(x);
      const out = y.clone();
      if (y.shape[2] !== outLength(p)) throw new Error(`forward returned a length of ${y.shape[2]}`);
      return {
        call: {
          sync: () => {
            y = conv.forward(x);
          },
        },
        callOut: {
          sync: () => {
            conv.forward(x, { out });
          },
        },
        output: () => y.data,
      };
    },
  };
});
