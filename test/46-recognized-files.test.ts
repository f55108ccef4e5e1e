import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadNpy, loadSafetensors, loadWav, saveSafetensors, serializeNpy, zeros } from '../lib/index.ts';
import { conv1d, wavFile } from './helpers/cli.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'conv1d-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** A zip archive up to its first file's name, followed by this many bytes. */
function zip(name: string, rest = 200): Buffer {
  const head = Buffer.alloc(30 + name.length + rest);
  head.write('PK\x03\x04', 0, 'latin1');
  head.writeUInt16LE(name.length, 26);
  head.write(name, 30);
  return head;
}

const LFS = 'version https://git-lfs.github.com/spec/v1\noid sha256:4d7a21\nsize 438064459\n';
const INDEX = JSON.stringify({
  metadata: { total_size: 1 },
  weight_map: { 'conv.weight': 'model-00001-of-00002.safetensors' },
});

// What torch 1.13 writes for torch.save({}, path, _use_new_zipfile_serialization=False) begins so.
const OLD_TORCH = Buffer.from('80028a0a6cfc9c46f9206aa850192e80024de9032e', 'hex');

const cases: [file: string, content: string | Buffer, says: RegExp][] = [
  [
    'model.safetensors',
    LFS,
    /: this is a Git LFS pointer, in place of the file of 438064459 bytes itself; fetch it with: git lfs pull$/,
  ],
  [
    'model.safetensors.index.json',
    INDEX,
    /: this is the index of a model in several files; .*: "conv\.weight" is in "model-00001-of-00002\.safetensors"$/,
  ],
  [
    'cut.index.json',
    '{\n  "metadata": {\n',
    /: this is the index of a model in several files; .* for the tensor you want$/,
  ],
  ['config.json', '{"model_type": "wav2vec2", "hidden_size": 768}', /: this is a JSON file, such as a configuration/],
  [
    'model.pt',
    zip('model/data.pkl'),
    /: this is a PyTorch checkpoint, .* which loadCheckpoint reads, .*: conv1d convert model\.pt model\.safetensors$/,
  ],
  [
    'pytorch_model.bin',
    zip('archive/data.pkl'),
    /: this is a PyTorch checkpoint, .* convert pytorch_model\.bin pytorch_model\.safetensors$/,
  ],
  ['old.pth', OLD_TORCH, /: this is a Python pickle, .* convert old\.pth old\.safetensors$/],
  ['model.pt', zip('model/data/0'), /: this is a TorchScript archive, .*torch\.onnx\.export/],
  ['model.pt', zip('model/code/__torch__.py'), /: this is a TorchScript archive/],
  ['some.zip', zip('readme.txt'), /: this is a zip archive; unpack it/],
  ['empty.zip', Buffer.from('PK\x05\x06'.padEnd(22, '\0'), 'latin1'), /: this is a zip archive/],
  [
    'features.npz',
    zip('mel.npy'),
    /: this is an \.npz file, a zip archive of \.npy files, .* conv1d convert features\.npz features\.safetensors$/,
  ],
  ['model.gguf', Buffer.concat([Buffer.from('GGUF'), Buffer.alloc(60, 3)]), /: this is a GGUF file/],
  ['model.onnx', Buffer.from('080812077079746f726368', 'hex'), /: this is an ONNX model/],
  ['other.onnx', Buffer.alloc(40, 0xff), /: this is an ONNX model/],
  ['model.h5', Buffer.from('\x89HDF\r\n\x1a\n and so on', 'latin1'), /: this is an HDF5 file/],
  ['model.gz', Buffer.from('1f8b08000000000000030000', 'hex'), /: this is compressed with gzip/],
  ['page', '<!DOCTYPE html>\n<html lang="en"><head><title>Sign in</title>', /: this is an HTML page, such as a login/],
  ['bom', '\ufeff \n<HTML>', /: this is an HTML page/],
  ['error', '<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>', /: this is an XML document/],
];

describe.each([
  ['loadSafetensors', loadSafetensors],
  ['loadNpy', loadNpy],
  ['loadWav', loadWav],
])('%s says what a file is instead', (_, load: (path: string) => Promise<unknown>) => {
  test.each(cases)('%s', async (file, content, says) => {
    const path = join(folder, file);
    writeFileSync(path, content);
    await expect(load(path)).rejects.toMatchObject({
      code: 'ERR_CONV1D_FORMAT',
      message: expect.stringMatching(says),
    });
  });
});

test('each reader knows the files of the others', async () => {
  const [npy, wav, weights] = ['x.npy', 'x.wav', 'x.safetensors'].map((name) => join(folder, `as-${name}`)) as [
    string,
    string,
    string,
  ];
  writeFileSync(npy, serializeNpy(zeros(2)));
  writeFileSync(wav, wavFile(8000, [0, 0.5]));
  await saveSafetensors(weights, { weight: zeros(2) });
  await expect(loadSafetensors(npy)).rejects.toThrow('this is an .npy file, which loadNpy reads');
  await expect(loadSafetensors(wav)).rejects.toThrow('this is a .wav file, which loadWav reads');
  await expect(loadNpy(weights)).rejects.toThrow('this is a .safetensors file, which loadSafetensors reads');
  await expect(loadWav(npy)).rejects.toThrow('this is an .npy file, which loadNpy reads');
});

test.each([
  ['a pickle', 0x0280],
  ['gzip', 0x8b1f],
  ['an ONNX model', 0x120108],
])('a .safetensors file that is cut off is that, and not %s, whose magic number its length is', async (_, length) => {
  const path = join(folder, 'cut.safetensors');
  const head = Buffer.alloc(40, '{"weight":{"dtype":"F32"}', 'latin1');
  head.writeBigUInt64LE(BigInt(length), 0);
  head.write('{', 8);
  writeFileSync(path, head);
  await expect(loadSafetensors(path)).rejects.toThrow(`the header should have ${length} bytes, but only 32 follow`);
  await expect(loadNpy(path)).rejects.toThrow('this is a .safetensors file, which loadSafetensors reads');
});

test('a folder is named with the files in it that can be read', async () => {
  const home = join(folder, 'model');
  mkdirSync(home);
  await expect(loadSafetensors(home)).rejects.toMatchObject({
    code: 'ERR_CONV1D_FORMAT',
    message: `${home}: this is a directory; give a file in it`,
  });
  for (const name of ['config.json', 'b.safetensors', 'a.safetensors']) writeFileSync(join(home, name), '');
  await expect(loadSafetensors(home)).rejects.toThrow(
    'this is a directory; give a file in it: "a.safetensors", "b.safetensors"',
  );
});

describe('the command', () => {
  // What seems to be an ONNX model is read as one.
  const others = cases.filter(([file]) => !file.endsWith('.onnx'));

  test.each(others)('says it of its weights in one line: %s', async (file, content, says) => {
    const path = join(folder, file);
    writeFileSync(path, content);
    const { code, stdout, stderr } = await conv1d('run', path, 'x.wav', '--out', join(folder, 'out'));
    expect(stderr.trimEnd()).toMatch(says);
    expect(stderr.match(/\n/g)?.length).toBe(1);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  });

  test('says of an .npz among its inputs what it is', async () => {
    const path = join(folder, 'input.npz');
    writeFileSync(path, zip('mel.npy'));
    const { code, stderr } = await conv1d('run', 'examples/filterbank.safetensors', path, '--out', join(folder, 'out'));
    expect(stderr).toContain('an .npz is a zip archive of .npy files; unzip it and give one of those');
    expect(code).toBe(1);
  });
});
