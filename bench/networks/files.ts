import { join } from 'node:path';
import { loadSafetensors, manualSeed, type nn, saveSafetensors, type Tensor, tensor } from 'conv1d';
import { noise } from '../inputs.ts';
import { PYTHON } from '../operations/measure.ts';
import { runProcess } from '../runPeer.ts';
import { NETWORKS, type NetworkCase } from './cases.ts';

// A network in a folder: its weights and inputs, which PyTorch and we read alike, and what PyTorch makes of them.

/** A network in evaluation mode with the inputs of a call. */
export interface Loaded {
  readonly network: nn.Module;
  readonly inputs: readonly Tensor[];
}

/** Writes initial weights and inputs of a network. */
export async function writeNetwork(folder: string, { id, shapes, make }: NetworkCase): Promise<Loaded> {
  manualSeed(0);
  const network = (await make()).eval();
  await saveSafetensors(join(folder, `${id}.safetensors`), network.stateDict());
  const inputs = shapes.map((shape, i) => tensor(noise(product(shape), i + 1), shape));
  await saveSafetensors(join(folder, `${id}.inputs.safetensors`), Object.fromEntries(inputs.entries()));
  return { network, inputs };
}

/** Reads what `writeNetwork` has written. */
export async function loadNetwork(folder: string, id: string): Promise<Loaded> {
  const network = await NETWORKS.find((each) => each.id === id)!.make();
  network.loadStateDict(await loadSafetensors(join(folder, `${id}.safetensors`)));
  const inputs = await loadSafetensors(join(folder, `${id}.inputs.safetensors`));
  return { network: network.eval(), inputs: Object.values(inputs) };
}

/** Has PyTorch write the networks as ONNX files. */
export async function exportOnnx(folder: string, ids: readonly string[]): Promise<void> {
  await runProcess(PYTHON, ['bench/networks/export.py', folder, ...ids], {}, '', () => {});
}

export function onnxFile(folder: string, id: string): string {
  return join(folder, `${id}.onnx`);
}

/** Has PyTorch write what the networks compute in float64. */
export async function writeReferences(folder: string, ids: readonly string[]): Promise<void> {
  await runProcess(PYTHON, ['bench/networks/reference.py', folder, ...ids], {}, '', () => {});
}

/** The values of all outputs that PyTorch has written, in float64 (`reference`) or float32 (`pytorch`). */
export async function readOutputs(
  folder: string,
  id: string,
  kind: 'reference' | 'pytorch',
): Promise<ArrayLike<number>[]> {
  const outputs = await loadSafetensors(join(folder, `${id}.${kind}.safetensors`));
  return Object.values(outputs).map(({ data }) => data);
}

function product(shape: readonly number[]): number {
  return shape.reduce((all, size) => all * size, 1);
}
