import { createRequire } from 'node:module';

type Protobuf = typeof import('@bufbuild/protobuf/wire');

let loaded: Protobuf | undefined;

/**
 * The library that reads protocol buffers, loaded with the first of them: it takes longer than the rest of the package, and most programs read no
 * ONNX file. By require, since `parseOnnx` returns before an import() would.
 */
export function protobuf(): Protobuf {
  loaded ??= createRequire(import.meta.url)('@bufbuild/protobuf/wire') as Protobuf;
  return loaded;
}
