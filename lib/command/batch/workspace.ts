import type { DecodeMemory } from '../../io/decodeMemory.ts';
import { allocate } from '../../tensor/allocate.ts';
import { arrayKind, bytesPerElement, type FloatArray, type FloatDtype } from '../../tensor/dtype.ts';

/**
 * Memory for one file under way, used again for the next: what thousands of files would leave behind as garbage costs as much time to
 * collect as half of their convolution takes. Samples and features lie in shared memory, where a background job reads and writes them
 * in place.
 */
export class Workspace implements DecodeMemory {
  readonly #file = new Region((bytes) => new ArrayBuffer(bytes));
  readonly #block = new Region((bytes) => new ArrayBuffer(bytes));
  readonly #samples = new Region((bytes) => new SharedArrayBuffer(bytes));
  readonly #features = new Region((bytes) => new SharedArrayBuffer(bytes));

  /** What it takes up. */
  get bytes(): number {
    return this.#file.bytes + this.#block.bytes + this.#samples.bytes + this.#features.bytes;
  }

  file(bytes: number): Uint8Array {
    return new Uint8Array(this.#file.take(bytes), 0, bytes);
  }

  block(bytes: number): Uint8Array {
    return new Uint8Array(this.#block.take(bytes), 0, bytes);
  }

  elements(dtype: FloatDtype, length: number): FloatArray {
    return floatsIn(this.#samples, dtype, length);
  }

  features(dtype: FloatDtype, length: number): FloatArray {
    return floatsIn(this.#features, dtype, length);
  }
}

function floatsIn(region: Region<SharedArrayBuffer>, dtype: FloatDtype, length: number): FloatArray {
  const Kind = arrayKind(dtype) as new (memory: SharedArrayBuffer, byteOffset: number, length: number) => FloatArray;
  let memory: SharedArrayBuffer;
  try {
    memory = region.take(length * bytesPerElement(dtype));
  } catch {
    // It explains what there is no memory for.
    return allocate(dtype, length);
  }
  return new Kind(memory, 0, length);
}

/** A buffer that grows to the largest size it was asked for. */
class Region<Memory extends ArrayBufferLike> {
  readonly #make: (bytes: number) => Memory;
  #buffer: Memory;

  constructor(make: (bytes: number) => Memory) {
    this.#make = make;
    this.#buffer = make(0);
  }

  get bytes(): number {
    return this.#buffer.byteLength;
  }

  take(bytes: number): Memory {
    if (bytes > this.#buffer.byteLength) {
      // Both at once may be too much.
      this.#buffer = this.#make(0);
      this.#buffer = this.#make(bytes);
    }
    return this.#buffer;
  }
}

/** What workspaces may take up that no file uses just now. */
const MAX_IDLE_BYTES = 64 * 2 ** 20;

/** Workspaces that wait for the next file. */
export class Workspaces {
  readonly #idle: Workspace[] = [];
  #bytes = 0;

  take(): Workspace {
    const workspace = this.#idle.pop() ?? new Workspace();
    this.#bytes -= workspace.bytes;
    return workspace;
  }

  /** Takes back one that nobody reads or writes any more. */
  give(workspace: Workspace): void {
    if (this.#bytes + workspace.bytes > MAX_IDLE_BYTES) return;
    this.#idle.push(workspace);
    this.#bytes += workspace.bytes;
  }
}
