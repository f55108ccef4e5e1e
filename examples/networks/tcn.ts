// A temporal convolutional network: (N, inputs, L) to (N, classes, L). Names as in locuslab/TCN.
import { nn, type Tensor } from 'conv1d';

class TemporalBlock extends nn.Module {
  readonly conv1: nn.Conv1d;
  readonly conv2: nn.Conv1d;
  readonly downsample: nn.Conv1d | null;

  constructor(inputs: number, outputs: number, kernelSize: number, dilation: number) {
    super();
    const past = { padding: 'causal', dilation } as const;
    this.conv1 = nn.weightNorm(new nn.Conv1d(inputs, outputs, kernelSize, past));
    this.conv2 = nn.weightNorm(new nn.Conv1d(outputs, outputs, kernelSize, past));
    this.downsample = inputs === outputs ? null : new nn.Conv1d(inputs, outputs, 1);
  }

  override forward(x: Tensor): Tensor {
    const y = this.conv2.forward(this.conv1.forward(x).relu()).relu();
    return y.add(this.downsample?.forward(x) ?? x).relu();
  }
}

export class TCN extends nn.Module {
  readonly network: nn.Sequential;
  readonly linear: nn.Conv1d;

  constructor(inputs: number, classes: number, channels = 25, kernelSize = 7, levels = 8) {
    super();
    const block = (_: unknown, i: number) =>
      new TemporalBlock(i === 0 ? inputs : channels, channels, kernelSize, 2 ** i);
    this.network = new nn.Sequential(...Array.from({ length: levels }, block));
    this.linear = new nn.Conv1d(channels, classes, 1);
  }

  override forward(x: Tensor): Tensor {
    return this.linear.forward(this.network.forward(x));
  }
}
