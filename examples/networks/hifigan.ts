// HiFi-GAN's generator, version 1: (N, 80, frames) to (N, 1, 256 * frames). Names as in jik876/hifi-gan.
import { functional, nn, type Tensor } from 'conv1d';

function convolution(channels: number, kernelSize: number, dilation: number): nn.Conv1d {
  const padding = ((kernelSize - 1) * dilation) / 2;
  return nn.weightNorm(new nn.Conv1d(channels, channels, kernelSize, { dilation, padding }));
}

class ResBlock extends nn.Module {
  readonly convs1: nn.ModuleList<nn.Conv1d>;
  readonly convs2: nn.ModuleList<nn.Conv1d>;

  constructor(channels: number, kernelSize: number) {
    super();
    this.convs1 = new nn.ModuleList([1, 3, 5].map((dilation) => convolution(channels, kernelSize, dilation)));
    this.convs2 = new nn.ModuleList([1, 1, 1].map((dilation) => convolution(channels, kernelSize, dilation)));
  }

  override forward(x: Tensor): Tensor {
    const seconds = [...this.convs2];
    return [...this.convs1].reduce((sum, first, i) => {
      const y = first.forward(functional.leakyRelu(sum, 0.1));
      return sum.add(seconds[i]!.forward(functional.leakyRelu(y, 0.1)));
    }, x);
  }
}

export class Generator extends nn.Module {
  readonly conv_pre: nn.Conv1d;
  readonly ups: nn.ModuleList<nn.ConvTranspose1d>;
  readonly resblocks: nn.ModuleList<ResBlock>;
  readonly conv_post: nn.Conv1d;

  /** @param channels  512 as published; 128 makes a small one */
  constructor(channels = 512) {
    super();
    this.conv_pre = nn.weightNorm(new nn.Conv1d(80, channels, 7, { padding: 3 }));
    const up = (inputs: number, stride: number) =>
      nn.weightNorm(new nn.ConvTranspose1d(inputs, inputs / 2, 2 * stride, { stride, padding: stride / 2 }));
    this.ups = new nn.ModuleList([8, 8, 2, 2].map((stride, i) => up(channels >> i, stride)));
    const blocks = (width: number) => [3, 7, 11].map((kernelSize) => new ResBlock(width, kernelSize));
    this.resblocks = new nn.ModuleList([1, 2, 3, 4].flatMap((i) => blocks(channels >> i)));
    this.conv_post = nn.weightNorm(new nn.Conv1d(channels >> 4, 1, 7, { padding: 3 }));
  }

  override forward(x: Tensor): Tensor {
    const blocks = [...this.resblocks];
    const wide = [...this.ups].reduce((y, up, i) => {
      const upsampled = up.forward(functional.leakyRelu(y, 0.1));
      const parts = blocks.slice(3 * i, 3 * i + 3).map((block) => block.forward(upsampled));
      return parts[0]!.add(parts[1]!).add(parts[2]!).div(3);
    }, this.conv_pre.forward(x));
    return this.conv_post.forward(functional.leakyRelu(wide)).tanh();
  }
}
