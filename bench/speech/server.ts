import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { loadDetector, openDetection } from '../../examples/speech-server/detection.ts';
import { makeSpeechServer } from '../../examples/speech-server/server.ts';
import { setNumThreads } from '../../lib/index.ts';
import { openOnnxDetection } from './onnxDetection.ts';

// `server.ts PEER THREADS CAPACITY MODEL.onnx`: examples/speech-server.ts on a free port of this machine, by conv1d or by onnxruntime-node. Prints
// the port; ends with its standard input.

const [peer, threads, capacity, model] = process.argv.slice(2);
setNumThreads(Number(threads));
const weights = fileURLToPath(new URL('../../examples/voice/voiceDetector.safetensors', import.meta.url));
const detection =
  peer === 'onnxruntime'
    ? await openOnnxDetection(model!, Number(capacity), Number(threads))
    : openDetection(await loadDetector(weights), Number(capacity));
const server = makeSpeechServer(detection).listen(0, '127.0.0.1', () => {
  console.log(JSON.stringify({ port: (server.address() as AddressInfo).port }));
});
process.stdin.on('close', () => process.exit(0)).resume();
