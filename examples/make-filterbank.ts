/**
 * Makes filterbank.safetensors: the short-time Fourier transform as the weights of one Conv1d.
 *
 *   npx tsx examples/make-filterbank.ts [OUT.safetensors]
 *
 * A window of 400 samples moves on by 160 (25 ms by 10 ms at 16 kHz). Channels 0..200 are the real parts of the
 * frequencies 0..Nyquist and channels 201..401 the imaginary parts, with the signs of
 * torch.stft(x, n_fft=400, hop_length=160, window=torch.hann_window(400), center=False, return_complex=True).
 */
import { fileURLToPath } from 'node:url';
import { saveSafetensors, tensor } from 'conv1d';

const WINDOW = 400;
const HOP = 160;
const FREQUENCIES = WINDOW / 2 + 1;

/** cos(2 pi i / WINDOW), from angles of the first quarter turn only: exactly 0, 1 and -1 where it should be. */
function cosine(i: number): number {
  const turn = i % WINDOW;
  const half = Math.min(turn, WINDOW - turn);
  const quarter = Math.min(half, WINDOW / 2 - half);
  const value = 4 * quarter === WINDOW ? 0 : Math.cos((2 * Math.PI * quarter) / WINDOW);
  return half === quarter ? value : -value;
}

/** sin is cos a quarter turn later. */
const sine = (i: number): number => cosine(i + (3 * WINDOW) / 4);

/** The periodic Hann window, torch.hann_window(WINDOW). */
const hann = Float64Array.from({ length: WINDOW }, (_, n) => 0.5 - 0.5 * cosine(n));

const weight = new Float32Array(2 * FREQUENCIES * WINDOW);
for (let k = 0; k < FREQUENCIES; k++) {
  for (let n = 0; n < WINDOW; n++) {
    weight[k * WINDOW + n] = hann[n]! * cosine(k * n);
    weight[(FREQUENCIES + k) * WINDOW + n] = -hann[n]! * sine(k * n);
  }
}

const out = process.argv[2] ?? fileURLToPath(new URL('filterbank.safetensors', import.meta.url));
const layer = { weight: tensor(weight, [2 * FREQUENCIES, 1, WINDOW]) };

// `conv1d run` reads the layer's parameters and what its channels mean from here, so that it needs no flags.
await saveSafetensors(out, layer, {
  format: 'conv1d',
  stride: String(HOP),
  padding: '0',
  dilation: '1',
  groups: '1',
  padding_mode: 'zeros',
  channels: 'real,imaginary',
  window: 'hann',
  sample_rate: '16000',
});
console.log(`wrote ${out}`);
