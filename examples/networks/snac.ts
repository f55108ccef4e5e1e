// SNAC's decoder for 24 kHz: (N, 768, frames) to (N, 1, 512 * frames). Names as in hubertsiuzdak/snac; snacCodes.ts has what comes before it.
import { nn, type Tensor } from 'conv1d';

class ResidualUnit extends nn.Module {
  readonly block: nn.Sequential;
  constructor(width: number, dilation: number) {
    super();
    const deep = new nn.Conv1d(width, width, 7, { padding: 3 * dilation, dilation, groups: width });
    const wide = new nn.Conv1d(width, width, 1);
    this.block = new nn.Sequential(new nn.Snake(width), nn.weightNorm(deep), new nn.Snake(width), nn.weightNorm(wide));
  }
  override forward(x: Tensor): Tensor {
    return x.add(this.block.forward(x));
  }
}
class NoiseBlock extends nn.Module {
  readonly linear: nn.Conv1d;
  constructor(width: number) {
    super();
    this.linear = nn.weightNorm(new nn.Conv1d(width, width, 1, { bias: false }));
  }
  override forward(x: Tensor, noise?: Tensor): Tensor {
    return noise === undefined ? x : x.add(noise.mul(this.linear.forward(x)));
  }
}
class DecoderBlock extends nn.Module {
  readonly block: nn.Sequential;
  constructor(inputs: number, width: number, stride: number) {
    super();
    const up = new nn.ConvTranspose1d(inputs, width, 2 * stride, { stride, padding: stride / 2 });
    const units = () => [1, 3, 9].map((dilation) => new ResidualUnit(width, dilation));
    this.block = new nn.Sequential(new nn.Snake(inputs), nn.weightNorm(up), new NoiseBlock(width), ...units());
  }
  override forward(x: Tensor, noise?: Tensor): Tensor {
    return [...this.block].reduce(
      (y, each) => (each instanceof NoiseBlock ? each.forward(y, noise) : each.forward(y)),
      x,
    );
  }
}
export class Decoder extends nn.Module {
  readonly model = new nn.Sequential(
    nn.weightNorm(new nn.Conv1d(768, 768, 7, { padding: 3, groups: 768 })),
    nn.weightNorm(new nn.Conv1d(768, 1024, 1)),
    new DecoderBlock(1024, 512, 8),
    new DecoderBlock(512, 256, 8),
    new DecoderBlock(256, 128, 4),
    new DecoderBlock(128, 64, 2),
    new nn.Snake(64),
    nn.weightNorm(new nn.Conv1d(64, 1, 7, { padding: 3 })),
    new nn.Tanh(),
  );
  /** Noise, if any, is (N, 1, L) for the length L after each ConvTranspose1d: 8, 64, 256 and 512 times the frames. */
  override forward(x: Tensor, noises: readonly Tensor[] = []): Tensor {
    const left = [...noises];
    return [...this.model].reduce((y, m) => (m instanceof DecoderBlock ? m.forward(y, left.shift()) : m.forward(y)), x);
  }
}
