import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import type { WavFormat } from '../../lib/io/wav.ts';
import type { Dtype } from '../../lib/tensor/dtype.ts';

/** Bytes as base64. */
type Base64 = string;

type GoldenTensor = { readonly dtype: Dtype; readonly shape: readonly number[]; readonly data: Base64 };

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

function unpack(name: string): unknown {
  return JSON.parse(gunzipSync(readFileSync(new URL(name, import.meta.url))).toString());
}

export const safetensorsGolden = unpack('safetensors.json.gz') as SafetensorsGolden;
export const npyGolden = unpack('npy.json.gz') as NpyGolden;
export const wavGolden = unpack('wav.json.gz') as WavGolden;

/** Base64 as bytes in a buffer of their own. */
export function bytesOf(base64: Base64): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(Buffer.from(base64, 'base64'));
}
