import { describe, expect, it } from 'vitest';
import { parseNpy } from '../lib/index.ts';
import { bytesOf, npyGolden } from './golden/files.ts';
import { parseMutations } from './helpers/mutate.ts';

describe('a .npy file of other numbers than float32 and float64', () => {
  it.each(npyGolden.widened)('$name is widened to $dtype without loss', ({ file, dtype, shape, data }) => {
    const tensor = parseNpy(bytesOf(file));
    expect({ dtype: tensor.dtype, shape: tensor.shape }).toEqual({ dtype, shape });
    expect(Buffer.from(tensor.data.buffer)).toEqual(Buffer.from(bytesOf(data)));
  });

  it.each(npyGolden.widened.filter(({ name }) => name.endsWith('C')))(
    '$name gives a tensor or a format error, whatever is damaged',
    ({ file }) => {
      expect(parseMutations(bytesOf(file), 500, (damaged) => [parseNpy(damaged)])).toBeGreaterThan(100);
    },
  );

  it.each(npyGolden.inexact)('$dtype with an integer that float64 has not is refused, and named', ({ file }) => {
    expect(() => parseNpy(bytesOf(file))).toThrow(
      expect.objectContaining({
        code: 'ERR_CONV1D_FORMAT',
        message: expect.stringMatching(
          /^npy: dtype u?int64: element 1 is 9007199254740993, which float64 cannot hold; save array\.astype\('float64'\) if it may be rounded$/,
        ),
      }),
    );
  });

  it('bool with a byte that is none is refused, and named', () => {
    const bytes = bytesOf(npyGolden.widened.find(({ name }) => name.startsWith('|b1'))!.file);
    bytes[bytes.length - 3] = 2;
    expect(() => parseNpy(bytes)).toThrow('element 5 is 2, and a bool is 0 or 1; is the file damaged?');
  });
});
