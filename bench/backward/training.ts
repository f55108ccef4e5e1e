import { join } from 'node:path';
import { loadSafetensors, optim, saveSafetensors, Tensor, tensor } from 'conv1d';
import { noise } from '../inputs.ts';
import type { NetworkCase } from '../networks/cases.ts';
import { type Loaded, loadNetwork, writeNetwork } from '../networks/files.ts';
import { type Work, wayOf } from './work.ts';

/** Small steps: the networks are timed for minutes on one target, and must stay what they are. */
export const LEARNING_RATE = 1e-5;

const TARGET_SEED = 7;

/** Writes a network, its inputs, and noise of its first output's shape as the target. */
export async function writeTraining(folder: string, network: NetworkCase): Promise<Loaded> {
  const loaded = await writeNetwork(folder, network);
  const { shape, numel } = firstOutput(loaded.network.forward(...loaded.inputs));
  const target = tensor(noise(numel, TARGET_SEED), shape);
  await saveSafetensors(targetFile(folder, network.id), { 0: target });
  return loaded;
}

/** A step of training: forward in training mode, the mean square from the target, backward, AdamW. */
export async function openTraining(folder: string, id: string): Promise<Work> {
  const { network, inputs } = await loadNetwork(folder, id);
  const target = (await loadSafetensors(targetFile(folder, id)))['0'] as Tensor;
  network.train();
  const optimizer = new optim.AdamW(network.parameters(), { lr: LEARNING_RATE });
  const backward = () => {
    optimizer.zeroGrad();
    const apart = firstOutput(network.forward(...inputs)).sub(target);
    apart.mul(apart).mean().backward();
  };
  backward();
  const gradients = network
    .namedParameters()
    .flatMap(([name, { grad }]) => (grad === null ? [] : [[name, grad.data as ArrayLike<number>] as const]));
  const step = () => {
    backward();
    optimizer.step();
  };
  return { gradients: Object.fromEntries(gradients), ways: [wayOf('ours', step)] };
}

/** Of the voice activity network's, which has the state of its LSTM too, the probability. */
function firstOutput(result: unknown): Tensor {
  return Tensor.isTensor(result) ? (result as Tensor) : firstOutput((result as readonly unknown[])[0]);
}

function targetFile(folder: string, id: string): string {
  return join(folder, `${id}.target.safetensors`);
}
