import type { Tensor } from 'conv1d';
import { VoiceDetector } from '../networks/voiceDetector.ts';

/** A window of the Fourier transform, and its frequencies from 0 to half the sample rate. */
const WINDOW = 256;
const FREQUENCIES = WINDOW / 2 + 1;

/** A detector with random weights, and a basis that is the Fourier transform under a Hann window: it stays as it is. */
export function makeDetector(): VoiceDetector {
  const detector = new VoiceDetector('fast');
  const { weight } = detector.stft.basis;
  const basis = weight.data;
  for (let n = 0; n < WINDOW; n++) {
    const hann = 0.5 - 0.5 * Math.cos((2 * Math.PI * n) / WINDOW);
    for (let k = 0; k < FREQUENCIES; k++) {
      const angle = (2 * Math.PI * ((k * n) % WINDOW)) / WINDOW;
      basis[k * WINDOW + n] = hann * Math.cos(angle);
      basis[(FREQUENCIES + k) * WINDOW + n] = -hann * Math.sin(angle);
    }
  }
  weight.requiresGrad = false;
  return detector;
}

/**
 * What the detector says of all frames of some clips at once, before the sigmoid: the convolutions take all windows as one batch, the LSTM a
 * frame of all clips at each step. Handed its state from frame to frame, the detector says the same.
 *
 * @param windows  (frames * clips, 1, 576), see `windowsOf`
 * @returns        (clips, frames)
 */
export function logitsOf({ stft, encoder, decoder }: VoiceDetector, windows: Tensor, clips: number): Tensor {
  const features = encoder.forward(stft.forward(windows)).reshape(-1, clips, 128);
  const [hidden] = decoder.rnn.forward(features);
  const [relu, head] = [decoder.decoder.at(0), decoder.decoder.at(1)];
  return head.forward(relu.forward(hidden.permute(1, 2, 0))).squeeze(1);
}
