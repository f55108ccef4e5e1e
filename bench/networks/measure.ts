import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type nn, setNumThreads, type Tensor, tensor } from 'conv1d';
import { noise } from '../inputs.ts';
import { type OperationTimes, onnxruntime, PYTHON, sessionOptions, shortestInTurns } from '../operations/measure.ts';
import { runProcess } from '../runPeer.ts';

/** One network as the examples have it, and the shapes of its inputs. */
export interface NetworkCase {
  readonly name: string;
  /** Of the ONNX file that export.py writes. */
  readonly file: string;
  readonly shapes: readonly (readonly number[])[];
  make(): Promise<nn.Module>;
}

type Made<T> = new (...args: number[]) => T;

const from = async (file: string, kind: string, ...args: number[]): Promise<nn.Module> => {
  const exported = (await import(`../../examples/networks/${file}.ts`)) as Record<string, Made<nn.Module>>;
  return new exported[kind]!(...args);
};

export const NETWORKS: readonly NetworkCase[] = [
  { name: 'SNAC decoder', file: 'snac', shapes: [[1, 768, 47]], make: () => from('snac', 'Decoder') },
  { name: 'HiFi-GAN v1', file: 'hifigan', shapes: [[1, 80, 86]], make: () => from('hifigan', 'Generator') },
  { name: 'HiFi-GAN, 128', file: 'hifigan128', shapes: [[1, 80, 86]], make: () => from('hifigan', 'Generator', 128) },
  { name: 'EnCodec decoder', file: 'encodec', shapes: [[1, 128, 75]], make: () => from('encodec', 'SEANetDecoder') },
  {
    name: 'voice activity',
    file: 'vad',
    shapes: [
      [1, 1, 576],
      [1, 1, 128],
      [1, 1, 128],
    ],
    make: () => from('voiceDetector', 'VoiceDetector'),
  },
  {
    name: 'InceptionTime',
    file: 'inception',
    shapes: [[8, 12, 1000]],
    make: () => from('inceptionTime', 'InceptionTime', 12, 5),
  },
  { name: 'TCN', file: 'tcn', shapes: [[32, 1, 784]], make: () => from('tcn', 'TCN', 1, 10) },
];

const MS_PER_ROUND = 400;

/** Times networks run layer by layer, beside onnxruntime-node on the same network written by PyTorch, in turns. */
export async function measureNetworks(
  networks: readonly NetworkCase[],
  threads: number,
  rounds: number,
): Promise<OperationTimes[]> {
  const ort = onnxruntime();
  if (networks.length === 0) return [];
  const folder = mkdtempSync(join(tmpdir(), 'conv1d-networks-'));
  try {
    if (ort !== null) await runProcess(PYTHON, ['bench/networks/export.py', folder], {}, '', () => {});
    setNumThreads(threads);
    const times: OperationTimes[] = [];
    for (const { file, shapes, make } of networks) {
      const network = (await make()).eval();
      const data = shapes.map((shape, i) =>
        noise(
          shape.reduce((product, size) => product * size, 1),
          i + 1,
        ),
      );
      const inputs: Tensor[] = data.map((values, i) => tensor(values, shapes[i]!));
      const session =
        ort === null ? null : await ort.InferenceSession.create(join(folder, `${file}.onnx`), sessionOptions(threads));
      const feeds = Object.fromEntries(
        (session?.inputNames ?? []).map((name, i) => [name, new ort!.Tensor('float32', data[i]!, shapes[i]!)]),
      );
      const ways = [() => network.forward(...inputs), session === null ? null : () => session.run(feeds)];
      const [oursMs, onnxruntimeMs] = await shortestInTurns(ways, rounds, MS_PER_ROUND);
      await session?.release();
      times.push({ oursMs: oursMs!, onnxruntimeMs: onnxruntimeMs ?? null, pytorchMs: null });
    }
    return times;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
