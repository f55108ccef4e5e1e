// A voice activity detector as Silero's of version 5 computes: (N, 1, 576), which are 64 samples of context and 512 new ones, and the state
// of its LSTM to the probability (N, 1, 1) and the next state.
import { type Algorithm, functional, nn, type Tensor } from 'conv1d';

/** The magnitudes of a short-time Fourier transform: a convolution has its real and imaginary parts. */
class Spectrum extends nn.Module {
  readonly basis: nn.Conv1d;

  constructor(algorithm: Algorithm) {
    super();
    this.basis = new nn.Conv1d(1, 258, 256, { stride: 128, bias: false, algorithm });
  }

  override forward(x: Tensor): Tensor {
    const [real, imaginary] = this.basis.forward(functional.pad(x, [0, 64], { mode: 'reflect' })).chunk(2, 1);
    return real!.mul(real!).add(imaginary!.mul(imaginary!)).sqrt();
  }
}

class EncoderBlock extends nn.Module {
  readonly reparam_conv: nn.Conv1d;

  constructor(inputs: number, outputs: number, stride: number) {
    super();
    this.reparam_conv = new nn.Conv1d(inputs, outputs, 3, { stride, padding: 1 });
  }

  override forward(x: Tensor): Tensor {
    return this.reparam_conv.forward(x).relu();
  }
}

class Decoder extends nn.Module {
  readonly rnn = new nn.LSTM(128, 128);
  readonly decoder = new nn.Sequential(new nn.ReLU(), new nn.Conv1d(128, 1, 1), new nn.Sigmoid());

  override forward(x: Tensor, h: Tensor, c: Tensor): [Tensor, [Tensor, Tensor]] {
    const [y, next] = this.rnn.forward(x.permute(2, 0, 1), [h, c]);
    return [this.decoder.forward(y.permute(1, 2, 0)), next];
  }
}

export class VoiceDetector extends nn.Module {
  readonly stft: Spectrum;
  readonly encoder: nn.Sequential;
  readonly decoder: Decoder;

  /** @param algorithm  of the Fourier transform: 'fast' is an FFT, once its basis is loaded */
  constructor(algorithm: Algorithm = 'direct') {
    super();
    this.stft = new Spectrum(algorithm);
    this.encoder = new nn.Sequential(
      new EncoderBlock(129, 128, 1),
      new EncoderBlock(128, 64, 2),
      new EncoderBlock(64, 64, 2),
      new EncoderBlock(64, 128, 1),
    );
    this.decoder = new Decoder();
  }

  /** @param h  and c: (1, N, 128); zeros at the beginning */
  override forward(x: Tensor, h: Tensor, c: Tensor): [Tensor, [Tensor, Tensor]] {
    return this.decoder.forward(this.encoder.forward(this.stft.forward(x)), h, c);
  }
}
