import { basename, extname } from 'node:path';
import { quote } from '../check/quote.ts';

/** As many of a file's first bytes show what it is. */
export const HEAD_BYTES = 1024;

/** The formats that are read here; each knows the others. */
export type Format = 'safetensors' | 'npy' | 'wav' | 'checkpoint';

/** One kind of file that comes in place of another: how it is known, and what to say. Undefined where it is something else. */
type Kind = (head: Buffer, source: string, wanted: Format) => string | undefined;

/**
 * What a file is that is not what it should be, with the advice that helps; undefined when nobody knows. It is asked only about
 * bytes that a reader has refused: a guess here never refuses anything.
 *
 * @param head    the first bytes of the file, {@link HEAD_BYTES} or as many as it has
 * @param source  its path, or what else names it
 * @example
 * recognize(Buffer.from('GGUF'), 'model.gguf', 'safetensors');   // 'this is a GGUF file, ...'
 */
export function recognize(head: Uint8Array, source: string, wanted: Format): string | undefined {
  const bytes = Buffer.from(head.buffer, head.byteOffset, head.byteLength);
  // One that is damaged: its first bytes are a length, and may be anybody's magic number.
  if (wanted === 'safetensors' && looksLikeSafetensors(bytes)) return undefined;
  for (const kind of KINDS) {
    const sentence = kind(bytes, source, wanted);
    if (sentence !== undefined) return sentence;
  }
  return undefined;
}

/** The surest first. */
const KINDS: readonly Kind[] = [
  ours,
  lfsPointer,
  zipArchive,
  pickle,
  gguf,
  hdf5,
  gzip,
  tar,
  page,
  json,
  onnx, // has no magic number, so it comes last
];

function lfsPointer(head: Buffer): string | undefined {
  if (!startsWith(head, 'version https://git-lfs.github.com/spec/')) return undefined;
  const size = /^size (\d+)$/m.exec(head.toString('latin1'))?.[1];
  const file = size === undefined ? 'the file' : `the file of ${size} bytes`;
  return `this is a Git LFS pointer, in place of ${file} itself; fetch it with: git lfs pull`;
}

/** A zip file's first entry tells what it is: data.pkl in a folder for PyTorch, NAME.npy for NumPy. */
function zipArchive(head: Buffer, source: string): string | undefined {
  if (!startsWith(head, 'PK\x03\x04') && !startsWith(head, 'PK\x05\x06')) return undefined;
  const first = head.length < 30 ? '' : head.toString('utf8', 30, 30 + head.readUInt16LE(26));
  // torch.jit.save begins with its numbers.
  if (/^[^/]+\/(?:data\/\d+|constants\.pkl|code\/.*)$/.test(first)) {
    return 'this is a TorchScript archive, a program with its weights; in Python export the network with torch.onnx.export, or save its state_dict()';
  }
  if (/^[^/]+\/(?:data\.pkl|version|byteorder|\.format_version)$/.test(first)) {
    return `this is a PyTorch checkpoint, a pickle in a zip archive, ${readBy(source)}`;
  }
  if (first.endsWith('.npy')) return `this is an .npz file, a zip archive of .npy files, ${readBy(source)}`;
  return 'this is a zip archive; unpack it and give a file that was in it';
}

function pickle(head: Buffer, source: string): string | undefined {
  // The opcode PROTO and a version; every pickle of Python 3 begins so.
  const [proto = 0, version = 0] = head;
  if (proto !== 0x80 || version < 2 || version > 5) return undefined;
  return `this is a Python pickle, as torch.save wrote it before PyTorch 1.6, ${readBy(source)}`;
}

function readBy(source: string): string {
  const file = basename(source);
  return `which loadCheckpoint reads, and which this turns into safetensors: conv1d convert ${file} ${stem(file)}.safetensors`;
}

/** A tar archive, as torch.save wrote it before PyTorch 0.1.10. */
function tar(head: Buffer): string | undefined {
  if (head.toString('latin1', 257, 262) !== 'ustar') return undefined;
  return 'this is a tar archive; unpack it, or where an old PyTorch wrote it, load and save it again with one of this decade';
}

function stem(file: string): string {
  return file.slice(0, file.length - extname(file).length) || file;
}

function gguf(head: Buffer): string | undefined {
  if (!startsWith(head, 'GGUF')) return undefined;
  return "this is a GGUF file, the weights of llama.cpp and its like; take the model's .safetensors instead";
}

function hdf5(head: Buffer): string | undefined {
  if (!startsWith(head, '\x89HDF\r\n\x1a\n')) return undefined;
  return 'this is an HDF5 file, as Keras saves it; read it in Python and save its arrays as .safetensors or .npy';
}

function gzip(head: Buffer): string | undefined {
  if (!startsWith(head, '\x1f\x8b')) return undefined;
  return 'this is compressed with gzip; unpack it first';
}

function ours(head: Buffer, _: string, wanted: Format): string | undefined {
  if (wanted !== 'npy' && startsWith(head, '\x93NUMPY')) return 'this is an .npy file, which loadNpy reads';
  if (wanted !== 'wav' && startsWith(head, 'RIFF') && head.toString('latin1', 8, 12) === 'WAVE') {
    return 'this is a .wav file, which loadWav reads';
  }
  if (looksLikeSafetensors(head)) return 'this is a .safetensors file, which loadSafetensors reads';
  return undefined;
}

/** A length below 4 GiB, then an opening brace. */
export function looksLikeSafetensors(head: Buffer): boolean {
  return head.length > 8 && head.readUInt32LE(4) === 0 && head[8] === 0x7b;
}

function page(head: Buffer): string | undefined {
  const text = textOf(head);
  if (/^(?:<!doctype\s+html|<html|<head|<body|<script)/i.test(text)) {
    return 'this is an HTML page, such as a login or an error page that was saved in place of the file; download it again, signed in';
  }
  if (/^<\?xml|^<[a-z]+[\s>]/i.test(text)) {
    return 'this is an XML document, such as an error message that was saved in place of the file; download it again';
  }
  return undefined;
}

function json(head: Buffer, source: string): string | undefined {
  const text = textOf(head);
  if (!/^\{\s*(?:"|\})/.test(text)) return undefined;
  if (!text.includes('"weight_map"') && !source.endsWith('.index.json')) {
    return 'this is a JSON file, such as a configuration or an error message; give the file with the weights';
  }
  const [, name, file] = /"weight_map"\s*:\s*\{\s*"([^"]*)"\s*:\s*"([^"]*)"/.exec(text) ?? [];
  const example = file === undefined ? '' : `: ${quote(name!)} is in ${quote(file)}`;
  return `this is the index of a model in several files; load the file that its weight_map gives for the tensor you want${example}`;
}

/** Whether a file looks like an ONNX model: a protocol buffer with the IR version first, then a field that a model has; or by its name. */
export function isOnnx(head: Uint8Array, source: string): boolean {
  const [irTag, version = 0, nextTag = 0] = head;
  const fields = [0x12, 0x1a, 0x22, 0x28, 0x32, 0x3a, 0x42];
  const looks = irTag === 0x08 && version >= 1 && version <= 32 && fields.includes(nextTag);
  return looks || extname(source).toLowerCase() === '.onnx';
}

function onnx(head: Buffer, source: string): string | undefined {
  if (!isOnnx(head, source)) return undefined;
  const advice =
    'onnx.numpy_helper.to_array(initializer) gives its weights, numpy.save and safetensors.numpy write them';
  return `this is an ONNX model, a graph with its weights; in Python ${advice}`;
}

function startsWith(head: Buffer, magic: string): boolean {
  return head.toString('latin1', 0, magic.length) === magic;
}

/** The head as text without a byte order mark and the white space before it. */
function textOf(head: Buffer): string {
  return head.toString('utf8').replace(/^[\ufeff\s]+/, '');
}
