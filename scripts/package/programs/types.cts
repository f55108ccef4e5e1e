import { Conv1d, rand, type Tensor } from 'conv1d';

const y: Tensor = new Conv1d(2, 3, 5).forward(rand(4, 2, 6));
export const first: number = y.at(0, 0, 0).item();
