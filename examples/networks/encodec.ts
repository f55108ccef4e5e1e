// EnCodec's decoder for 24 kHz, causal: (N, 128, frames) to (N, 1, 320 * frames). Names as in facebookresearch/encodec.
import { nn, type Tensor } from 'conv1d';

const conv = (from: number, to: number, size: number) =>
  new SConv1d(new SConv1d(nn.weightNorm(new nn.Conv1d(from, to, size, { padding: 'causal', paddingMode: 'reflect' }))));
const up = (width: number, stride: number) => {
  const inner = nn.weightNorm(new nn.ConvTranspose1d(2 * width, width, 2 * stride, { stride }));
  return new SConvTranspose1d(new SConvTranspose1d(inner, stride), stride);
};
class SConv1d extends nn.Module {
  constructor(readonly conv: nn.Conv1d | SConv1d) {
    super();
  }
  override forward(x: Tensor): Tensor {
    return this.conv.forward(x);
  }
}
class SConvTranspose1d extends nn.Module {
  constructor(
    readonly convtr: nn.ConvTranspose1d | SConvTranspose1d,
    readonly stride: number,
  ) {
    super();
  }
  override forward(x: Tensor): Tensor {
    return this.convtr.forward(x).narrow(2, 0, x.shape[2]! * this.stride); // the rest depends on frames to come
  }
}
class SLSTM extends nn.Module {
  readonly lstm = new nn.LSTM(512, 512, { numLayers: 2 });
  override forward(x: Tensor): Tensor {
    const steps = x.permute(2, 0, 1);
    return this.lstm.forward(steps)[0].add(steps).permute(1, 2, 0);
  }
}
class SEANetResnetBlock extends nn.Module {
  readonly block: nn.Sequential;
  readonly shortcut: SConv1d;
  constructor(width: number) {
    super();
    this.block = new nn.Sequential(new nn.ELU(), conv(width, width / 2, 3), new nn.ELU(), conv(width / 2, width, 1));
    this.shortcut = conv(width, width, 1);
  }
  override forward(x: Tensor): Tensor {
    return this.shortcut.forward(x).add(this.block.forward(x));
  }
}
export class SEANetDecoder extends nn.Module {
  readonly model = new nn.Sequential(
    conv(128, 512, 7),
    new SLSTM(),
    ...[8, 5, 4, 2].flatMap((stride, i) => [new nn.ELU(), up(256 >> i, stride), new SEANetResnetBlock(256 >> i)]),
    new nn.ELU(),
    conv(32, 1, 7),
  );
  override forward(x: Tensor): Tensor {
    return this.model.forward(x);
  }
}
