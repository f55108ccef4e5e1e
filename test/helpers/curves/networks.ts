import { type FloatDtype, nn, type Tensor } from '../../../lib/index.ts';

// The networks of test/golden/generate_curves.py, layer by layer in its order, of either dtype.

class TemporalBlock extends nn.Module {
  readonly conv1: nn.Conv1d;
  readonly conv2: nn.Conv1d;
  readonly downsample: nn.Conv1d | null;

  constructor(inputs: number, outputs: number, dilation: number, dtype: FloatDtype) {
    super();
    const past = { padding: 'causal', dilation, dtype } as const;
    this.conv1 = nn.weightNorm(new nn.Conv1d(inputs, outputs, 5, past));
    this.conv2 = nn.weightNorm(new nn.Conv1d(outputs, outputs, 5, past));
    this.downsample = inputs === outputs ? null : new nn.Conv1d(inputs, outputs, 1, { dtype });
  }

  override forward(x: Tensor): Tensor {
    const y = this.conv2.forward(this.conv1.forward(x).relu()).relu();
    return y.add(this.downsample?.forward(x) ?? x).relu();
  }
}

export class TCN extends nn.Module {
  readonly network: nn.Sequential;
  readonly linear: nn.Conv1d;

  constructor(dtype: FloatDtype) {
    super();
    this.network = new nn.Sequential(...[1, 12, 12].map((inputs, i) => new TemporalBlock(inputs, 12, 2 ** i, dtype)));
    this.linear = new nn.Conv1d(12, 10, 1, { dtype });
  }

  override forward(x: Tensor): Tensor {
    return this.linear.forward(this.network.forward(x));
  }
}

export class RawAudio extends nn.Module {
  readonly conv1: nn.Conv1d;
  readonly bn1: nn.BatchNorm1d;
  readonly pool1 = new nn.MaxPool1d(2);
  readonly conv2: nn.Conv1d;
  readonly bn2: nn.BatchNorm1d;
  readonly fc: nn.Linear;

  constructor(dtype: FloatDtype) {
    super();
    this.conv1 = new nn.Conv1d(1, 16, 32, { stride: 8, dtype });
    this.bn1 = new nn.BatchNorm1d(16, { dtype });
    this.conv2 = new nn.Conv1d(16, 32, 3, { stride: 2, padding: 1, groups: 2, dtype });
    this.bn2 = new nn.BatchNorm1d(32, { dtype });
    this.fc = new nn.Linear(32, 4, { dtype });
  }

  override forward(x: Tensor): Tensor {
    const first = this.pool1.forward(this.bn1.forward(this.conv1.forward(x)).relu());
    return this.fc.forward(this.bn2.forward(this.conv2.forward(first)).relu().mean(2));
  }
}

export class Autoencoder extends nn.Module {
  readonly encoder: nn.Sequential;
  readonly decoder: nn.Sequential;

  constructor(dtype: FloatDtype) {
    super();
    this.encoder = new nn.Sequential(
      new nn.Conv1d(2, 8, 5, { stride: 2, padding: 2, paddingMode: 'reflect', dtype }),
      new nn.GELU(),
      new nn.Conv1d(8, 12, 4, { stride: 2, padding: 1, dtype }),
      new nn.Tanh(),
    );
    this.decoder = new nn.Sequential(
      new nn.ConvTranspose1d(12, 8, 4, { stride: 2, padding: 1, dtype }),
      new nn.GroupNorm(2, 8, { dtype }),
      new nn.ELU(),
      new nn.ConvTranspose1d(8, 2, 5, { stride: 2, padding: 2, outputPadding: 1, dtype }),
    );
  }

  override forward(x: Tensor): Tensor {
    return this.decoder.forward(this.encoder.forward(x) as Tensor) as Tensor;
  }
}

export class Tagger extends nn.Module {
  readonly embedding: nn.Embedding;
  readonly lstm: nn.LSTM;
  readonly norm: nn.LayerNorm;
  readonly fc: nn.Linear;

  constructor(dtype: FloatDtype) {
    super();
    this.embedding = new nn.Embedding(20, 12, { dtype });
    this.lstm = new nn.LSTM(12, 16, { numLayers: 2, bidirectional: true, batchFirst: true, dtype });
    this.norm = new nn.LayerNorm(32, { dtype });
    this.fc = new nn.Linear(32, 5, { dtype });
  }

  override forward(tokens: Tensor<'int64'>): Tensor {
    const [y] = this.lstm.forward(this.embedding.forward(tokens) as Tensor);
    return this.fc.forward(this.norm.forward(y as Tensor));
  }
}
