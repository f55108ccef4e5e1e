import { typeError } from '../check/errors.ts';
import { type Dtype, torchName } from '../tensor/dtype.ts';

/** torch has one sentence for either direction; a transposed convolution has one for both. */
export function wrongInputDtype(input: Dtype, weight: Dtype, transposed = false): TypeError {
  const sentence =
    input !== 'float32' || transposed ? expectedScalar(input, weight) : shouldBeTheSame(input, 'weight', weight);
  return typeError('ERR_CONV1D_DTYPE', `${sentence}; the input is ${input}, the weight ${weight}`);
}

/** The bias of `functional.conv1d` is of another type than the input. */
export function wrongBiasDtype(input: Dtype, bias: Dtype, transposed = false): TypeError {
  const sentence = transposed ? expectedScalar(input, bias) : shouldBeTheSame(input, 'bias', bias);
  return typeError('ERR_CONV1D_DTYPE', `${sentence}; the input is ${input}, the bias ${bias}`);
}

function expectedScalar(expected: Dtype, found: Dtype): string {
  return `expected scalar type ${torchName(expected)} but found ${torchName(found)}`;
}

function shouldBeTheSame(input: Dtype, name: string, other: Dtype): string {
  return `Input type (torch.${torchName(input)}Tensor) and ${name} type (torch.${torchName(other)}Tensor) should be the same`;
}
