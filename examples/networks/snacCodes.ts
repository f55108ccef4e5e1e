// SNAC for 24 kHz from its codes to the signal: (N, frames / 4), (N, frames / 2) and (N, frames) of int64 to (N, 1, 512 * frames).
import { functional, nn, type Tensor } from 'conv1d';
import { Decoder } from './snac.ts';

class Codebook extends nn.Module {
  readonly codebook = new nn.Embedding(4096, 8);
  readonly out_proj = nn.weightNorm(new nn.Conv1d(8, 768, 1));

  override forward(codes: Tensor<'int64'>): Tensor {
    return this.out_proj.forward(this.codebook.forward(codes).transpose(1, 2));
  }
}

class Quantizer extends nn.Module {
  readonly quantizers = new nn.ModuleList([new Codebook(), new Codebook(), new Codebook()]);

  override forward(codes: readonly Tensor<'int64'>[]): Tensor {
    return [...this.quantizers]
      .map((each, i) => functional.interpolate(each.forward(codes[i]!), { scaleFactor: 4 >> i }))
      .reduce((sum, each) => sum.add(each));
  }
}

export class SNAC extends nn.Module {
  readonly quantizer = new Quantizer();
  readonly decoder = new Decoder();

  override forward(codes: readonly Tensor<'int64'>[], noises: readonly Tensor[] = []): Tensor {
    return this.decoder.forward(this.quantizer.forward(codes), noises);
  }
}
