import type { nn } from 'conv1d';

/** One network as the examples have it, and the shapes of its inputs. */
export interface NetworkCase {
  /** What files and the command line call it; twins.py has the same network of PyTorch under this name. */
  readonly id: string;
  readonly name: string;
  readonly shapes: readonly (readonly number[])[];
  make(): Promise<nn.Module>;
}

type Made<T> = new (...args: number[]) => T;

const from = async (file: string, kind: string, ...args: number[]): Promise<nn.Module> => {
  const exported = (await import(`../../examples/networks/${file}.ts`)) as Record<string, Made<nn.Module>>;
  return new exported[kind]!(...args);
};

export const NETWORKS: readonly NetworkCase[] = [
  { id: 'snac', name: 'SNAC decoder', shapes: [[1, 768, 47]], make: () => from('snac', 'Decoder') },
  { id: 'hifigan', name: 'HiFi-GAN v1', shapes: [[1, 80, 86]], make: () => from('hifigan', 'Generator') },
  { id: 'hifigan128', name: 'HiFi-GAN, 128', shapes: [[1, 80, 86]], make: () => from('hifigan', 'Generator', 128) },
  { id: 'encodec', name: 'EnCodec decoder', shapes: [[1, 128, 75]], make: () => from('encodec', 'SEANetDecoder') },
  {
    id: 'vad',
    name: 'voice activity',
    shapes: [
      [1, 1, 576],
      [1, 1, 128],
      [1, 1, 128],
    ],
    make: () => from('voiceDetector', 'VoiceDetector'),
  },
  {
    id: 'inception',
    name: 'InceptionTime',
    shapes: [[8, 12, 1000]],
    make: () => from('inceptionTime', 'InceptionTime', 12, 5),
  },
  { id: 'tcn', name: 'TCN', shapes: [[32, 1, 784]], make: () => from('tcn', 'TCN', 1, 10) },
];

/** The networks with these names, all where there are none. */
export function chooseNetworks(names: readonly string[]): readonly NetworkCase[] {
  const unknown = names.find((name) => !NETWORKS.some(({ id }) => id === name));
  if (unknown !== undefined)
    throw new Error(`--networks: there is no '${unknown}'; there are ${NETWORKS.map(({ id }) => id).join(', ')}`);
  return names.length === 0 ? NETWORKS : NETWORKS.filter(({ id }) => names.includes(id));
}
