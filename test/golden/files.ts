import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import type { WavFormat } from '../../lib/io/wav.ts';
import type { Dtype } from '../../lib/tensor/dtype.ts';

/** Bytes as base64. */
type Base64 = string;

export type GoldenTensor = { readonly dtype: Dtype; readonly shape: readonly number[]; readonly data: Base64 };

/** From generate_safetensors.py: files, and the tensors PyTorch makes of them. */
export type SafetensorsGolden = {
  readonly files: Readonly<
    Record<
      string,
      {
        readonly file: Base64;
        readonly metadata: Readonly<Record<string, string>>;
        readonly tensors: Readonly<Record<string, GoldenTensor>>;
      }
    >
  >;
  /** For each 16-bit type, a checksum of all its numbers widened. */
  readonly allNumbers: Readonly<Record<'F16' | 'BF16', { readonly count: number; readonly checksum: number }>>;
};

type NpyCase = GoldenTensor & { readonly name: string; readonly file: Base64; readonly canonical: boolean };

/** From generate_npy.py. `canonical`: saving the tensor gives the same bytes. */
export type NpyGolden = {
  readonly cases: readonly NpyCase[];
  /** Arrays of types that become float32 or float64. */
  readonly widened: readonly NpyCase[];
  /** Arrays with an integer that float64 has not. */
  readonly inexact: readonly { readonly dtype: string; readonly file: Base64 }[];
  readonly refused: readonly { readonly dtype: string; readonly file: Base64 }[];
};

/** From generate_wav.py. `samples` are float32, channel by channel. */
export type WavGolden = {
  readonly cases: readonly {
    readonly name: string;
    readonly file: Base64;
    readonly format: WavFormat;
    readonly channels: number;
    readonly sampleRate: number;
    readonly samples: Base64;
  }[];
  readonly refused: readonly { readonly name: string; readonly file: Base64 }[];
};

type NamedTensors = Readonly<Record<string, GoldenTensor>>;
type Refusal = { readonly name: string; readonly file: Base64; readonly says: string };

/** From generate_checkpoints.py. */
export type CheckpointsGolden = {
  readonly cases: readonly {
    readonly name: string;
    readonly file: Base64;
    readonly key: string | null;
    readonly tensors: NamedTensors;
  }[];
  /** Files of numpy.savez; `keras`: some of their arrays with the dimensions in torch's order. */
  readonly archives: readonly {
    readonly name: string;
    readonly file: Base64;
    readonly tensors: NamedTensors;
    readonly keras: NamedTensors;
  }[];
  /** Files with a tensor y that cannot be read, and others that can. */
  readonly besideOthers: readonly { readonly name: string; readonly file: Base64; readonly tensors: NamedTensors }[];
  readonly refused: readonly Refusal[];
  /** Files that need a key. */
  readonly ambiguous: readonly Refusal[];
  /** A checkpoint of a small network, an input and what PyTorch gives for it. */
  readonly forward: { readonly file: Base64; readonly x: GoldenTensor; readonly y: GoldenTensor };
};

function unpack(name: string): unknown {
  return JSON.parse(gunzipSync(readFileSync(new URL(name, import.meta.url))).toString());
}

export const safetensorsGolden = unpack('safetensors.json.gz') as SafetensorsGolden;
export const npyGolden = unpack('npy.json.gz') as NpyGolden;
export const wavGolden = unpack('wav.json.gz') as WavGolden;

export const checkpointsGolden = unpack('checkpoints.json.gz') as CheckpointsGolden;

/** Base64 as bytes in a buffer of their own. */
export function bytesOf(base64: Base64): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(Buffer.from(base64, 'base64'));
}

/** From generate_onnx_operators.py and .ts: a model of one node, and what onnxruntime computes of it. */
export type OnnxGolden = {
  readonly model: Base64;
  readonly inputs: NamedTensors;
  readonly outputs: NamedTensors;
};
