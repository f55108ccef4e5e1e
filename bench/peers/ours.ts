import { loadLibrary } from '../library.ts';
import { packageVersion } from '../machines/code.ts';
import { outLength } from '../problems.ts';
import type { Algorithm } from '../results.ts';
import { serve } from './serve.ts';

const algorithm: Algorithm = process.argv[2] === 'fast' ? 'fast' : 'direct';

// What users write: conv.eval() once, then conv.forward(x), a fresh result every time.
await serve(async (threads) => {
  const { Conv1d, setNumThreads, tensor } = await loadLibrary();
  setNumThreads(threads);
  return {
    version: packageVersion(),
    prepare(p, values) {
      const { stride, dilation, groups } = p;
      const padding = [p.padLeft, p.padRight] as const;
      // Without the option where it is the default, as most users write it.
      const options = { stride, padding, dilation, groups, ...(algorithm === 'fast' ? { algorithm } : {}) };
      const conv = new Conv1d(p.inChannels, p.outChannels, p.kernelSize, options);
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
