import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { type Extract, loadLayer, makeServer } from '../../examples/server.ts';
import { loadWav, tensor } from '../../lib/index.ts';
import { noise } from '../inputs.ts';
import { parseProblems } from '../problems.ts';
import { makeOrtConvolution } from './onnxruntime.ts';

// `server.ts PEER THREADS`: examples/server.ts on a free port of this machine, by conv1d or by onnxruntime-node. Prints the port.

const STRIDE = 160;
const [peer, threads] = [process.argv[2]!, Number(process.argv[3])];
const weights = fileURLToPath(new URL('../../examples/filterbank.safetensors', import.meta.url));

async function makeExtract(): Promise<Extract> {
  const conv = await loadLayer(weights, STRIDE);
  if (peer !== 'onnxruntime') {
    return (samples, signal) => conv.forwardAsync(tensor(samples.data, samples.shape), { signal });
  }
  const [p] = parseProblems([
    {
      name: 'filterbank',
      inChannels: conv.inChannels,
      outChannels: conv.outChannels,
      kernelSize: conv.kernelSize,
      stride: STRIDE,
      length: 16_000,
    },
  ]);
  const values = {
    input: noise(1, 1),
    weight: conv.weight.data as Float32Array,
    bias: new Float32Array(conv.outChannels),
  };
  const convolve = await makeOrtConvolution(p!, values, threads);
  return async (samples) => {
    const { data, dims } = await convolve(samples.data as Float32Array, 1, samples.shape[1]!);
    return tensor(data, dims.slice(1));
  };
}

const extract = await makeExtract();
const speech = fileURLToPath(new URL('../../examples/speech.wav', import.meta.url));
await extract((await loadWav(speech)).samples, new AbortController().signal); // warm
const server = makeServer(extract).listen(0, '127.0.0.1', () => {
  console.log(JSON.stringify({ port: (server.address() as AddressInfo).port, bytes: readFileSync(speech).length }));
});
