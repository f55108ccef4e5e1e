import { Conv1d, functional, rand, type Tensor } from 'conv1d';

const conv: Conv1d = new Conv1d(2, 3, 5, { padding: 'same', paddingMode: 'reflect', dtype: 'float64' });
const y: Tensor = conv.eval().forward(rand(4, 2, 6));
const shape: readonly number[] = functional.conv1d(y, conv.weight, null, { stride: 2 }).shape;
const later: Promise<Tensor> = conv.forwardAsync(y, { signal: new AbortController().signal });

// @ts-expect-error a misspelt option
new Conv1d(2, 3, 5, { pading: 1 });
// @ts-expect-error a padding of another library
new Conv1d(2, 3, 5, { padding: 'full' });

export { later, shape };
