// InceptionTime (H. Ismail Fawaz and others, 2019): (N, channels, L) to the probabilities of classes. Names as in timeseriesAI/tsai.
import { cat, nn, type Tensor } from 'conv1d';

function conv(inputs: number, outputs: number, kernelSize: number): nn.Conv1d {
  return new nn.Conv1d(inputs, outputs, kernelSize, { padding: kernelSize > 1 ? 'same' : 0, bias: false });
}

class InceptionModule extends nn.Module {
  readonly bottleneck: nn.TensorModule;
  readonly convs: nn.ModuleList<nn.Conv1d>;
  readonly maxconvpool: nn.Sequential;
  readonly bn: nn.BatchNorm1d;
  constructor(inputs: number) {
    super();
    this.bottleneck = inputs > 1 ? conv(inputs, 32, 1) : new nn.Identity();
    this.convs = new nn.ModuleList([40, 20, 10].map((kernelSize) => conv(inputs > 1 ? 32 : 1, 32, kernelSize)));
    this.maxconvpool = new nn.Sequential(new nn.MaxPool1d(3, { stride: 1, padding: 1 }), conv(inputs, 32, 1));
    this.bn = new nn.BatchNorm1d(128);
  }

  override forward(x: Tensor): Tensor {
    const narrow = this.bottleneck.forward(x);
    const views = [...this.convs].map((each) => each.forward(narrow));
    return this.bn.forward(cat([...views, this.maxconvpool.forward(x)], 1)).relu();
  }
}

class InceptionBlock extends nn.Module {
  readonly inception: nn.ModuleList<InceptionModule>;
  readonly shortcut: nn.ModuleList<nn.Sequential>;
  constructor(inputs: number) {
    super();
    this.inception = new nn.ModuleList([inputs, 128, 128, 128, 128, 128].map((width) => new InceptionModule(width)));
    const shortcuts = [inputs, 128].map((width) => new nn.Sequential(conv(width, 128, 1), new nn.BatchNorm1d(128)));
    this.shortcut = new nn.ModuleList(shortcuts);
  }

  override forward(x: Tensor): Tensor {
    const modules = [...this.inception];
    return [...this.shortcut].reduce((y, shortcut, i) => {
      const deep = modules.slice(3 * i, 3 * i + 3).reduce((z, module) => module.forward(z), y);
      return deep.add(shortcut.forward(y)).relu();
    }, x);
  }
}

export class InceptionTime extends nn.Module {
  readonly inceptionblock: InceptionBlock;
  readonly fc: nn.Linear;
  constructor(channels: number, classes: number) {
    super();
    this.inceptionblock = new InceptionBlock(channels);
    this.fc = new nn.Linear(128, classes);
  }

  override forward(x: Tensor): Tensor {
    return this.fc.forward(this.inceptionblock.forward(x).mean([2])).softmax(1);
  }
}
