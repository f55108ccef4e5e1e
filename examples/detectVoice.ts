// A voice activity detector over a recording, chunk by chunk, as if it came from a microphone: compiled once, its state handed on by name.
//
//     npx tsx examples/detectVoice.ts [recording.wav [weights.safetensors]]
//
// The weights are those that train-voice.ts made; any with the names of the published code fit.
import { fileURLToPath } from 'node:url';
import { compile, loadSafetensors, loadWav, rand, type Tensor, tensor, zeros } from 'conv1d';
import { VoiceDetector } from './networks/voiceDetector.ts';

const SAMPLE_RATE = 16000;
/** New samples in each chunk, 32 ms, and the samples before them that the network reads once more. */
const CHUNK = 512;
const CONTEXT = 64;

/** A detector as one native program. */
export function makeDetector(detector: VoiceDetector) {
  return compile(detector.eval(), {
    inputs: { x: rand(1, 1, CONTEXT + CHUNK), h: zeros(1, 1, 128), c: zeros(1, 1, 128) },
    outputs: ['probability', 'hn', 'cn'],
  });
}

/** The probability of a voice in each chunk of some samples; the last chunk ends in silence. */
export function* detectVoice(detector: ReturnType<typeof makeDetector>, samples: Float32Array): Generator<number> {
  let state: { h: Tensor; c: Tensor } = { h: zeros(1, 1, 128), c: zeros(1, 1, 128) };
  const window = new Float32Array(CONTEXT + CHUNK);
  for (let begin = 0; begin < samples.length; begin += CHUNK) {
    window.copyWithin(0, CHUNK);
    window.fill(0, CONTEXT).set(samples.subarray(begin, begin + CHUNK), CONTEXT);
    const { probability, hn, cn } = detector.forward({ x: tensor(window, [1, 1, CONTEXT + CHUNK]), ...state });
    state = { h: hn, c: cn };
    yield probability.item();
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const path = process.argv[2] ?? fileURLToPath(new URL('speech.wav', import.meta.url));
  const weights = process.argv[3] ?? fileURLToPath(new URL('voice/voiceDetector.safetensors', import.meta.url));
  const { samples, sampleRate } = await loadWav(path);
  if (sampleRate !== SAMPLE_RATE) throw new Error(`${path} has ${sampleRate} samples a second, not ${SAMPLE_RATE}`);
  const detector = new VoiceDetector();
  detector.loadStateDict(await loadSafetensors(weights));
  const voice = detectVoice(makeDetector(detector), samples.at(0).data as Float32Array);
  for (const [i, probability] of [...voice].entries()) {
    const time = ((i * CHUNK) / SAMPLE_RATE).toFixed(3).padStart(7);
    console.log(`${time} s  ${probability.toFixed(4)} ${'#'.repeat(Math.round(40 * probability))}`);
  }
}
