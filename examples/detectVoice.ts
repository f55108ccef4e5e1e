// A voice activity detector over a recording, chunk by chunk, as if it came from a microphone: compiled once, its state handed on by name.
//
//     npx tsx examples/detectVoice.ts [recording.wav]
//
// The weights are random, so the probabilities say nothing about voices; with a checkpoint's, loaded by loadStateDict, they do.
import { fileURLToPath } from 'node:url';
import { compile, loadWav, manualSeed, rand, type Tensor, tensor, zeros } from 'conv1d';
import { VoiceDetector } from './networks/voiceDetector.ts';

const SAMPLE_RATE = 16000;
/** New samples in each chunk, 32 ms, and the samples before them that the network reads once more. */
const CHUNK = 512;
const CONTEXT = 64;

/** The detector as one native program. */
export function makeDetector() {
  return compile(new VoiceDetector().eval(), {
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
  manualSeed(0);
  const path = process.argv[2] ?? fileURLToPath(new URL('speech.wav', import.meta.url));
  const { samples, sampleRate } = await loadWav(path);
  if (sampleRate !== SAMPLE_RATE) throw new Error(`${path} has ${sampleRate} samples a second, not ${SAMPLE_RATE}`);
  const voice = [...detectVoice(makeDetector(), samples.at(0).data as Float32Array)];
  console.log('random weights: the probabilities say nothing about voices');
  for (const [i, probability] of voice.entries()) {
    console.log(`${((i * CHUNK) / SAMPLE_RATE).toFixed(3)} s  ${probability.toFixed(4)}`);
  }
}
