// What a project's test of its own does with conv1d. A line in front of it gives the package as `conv1d` and four functions of
// Node's; the runner gives `test`, `expect` and perhaps another realm. test/84-realms.test.ts runs it under each.

let folder;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'conv1d-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const { Conv1d, loadNpy, parseNpy, rand, saveNpy, serializeNpy, tensor, zeros } = conv1d;

test('arrays of the test make tensors, and results equal them', () => {
  expect(tensor([[1, 2, 3]]).shape).toEqual([1, 3]);
  expect(tensor(new Float32Array([1, 2])).data).toEqual(new Float32Array([1, 2]));
  expect(new Conv1d(1, 1, 2).forward(zeros([1, 1, 8])).shape).toEqual([1, 1, 7]);
  expect(new Conv1d(1, 1, 2).forward(tensor(new Float64Array(8), [1, 8], { dtype: 'float32' })).shape).toEqual([1, 7]);
});

test('bytes of the test are read', () => {
  const bytes = new Uint8Array(serializeNpy(tensor([1, 2])));
  expect(parseNpy(bytes).toArray()).toEqual([1, 2]);
  expect(parseNpy(Buffer.from(bytes)).toArray()).toEqual([1, 2]);
  expect(parseNpy(structuredClone(bytes)).toArray()).toEqual([1, 2]);
});

test('a file is saved to a new path, and over an old one', async () => {
  const path = join(folder, 'x.npy');
  await saveNpy(path, tensor([1, 2]));
  await saveNpy(path, tensor([3, 4]));
  expect((await loadNpy(path)).toArray()).toEqual([3, 4]);
});

test('an error is of the class that the test knows, with its code', async () => {
  const conv = new Conv1d(2, 3, 5);
  expect(() => conv.forward(rand(4, 3, 6))).toThrow(RangeError);
  expect(() => new Conv1d(2, 3, 5, { strid: 2 })).toThrow(TypeError);
  await expect(conv.forwardMany([rand(3, 8)])).rejects.toThrow(RangeError);
  await expect(conv.forwardAsync(rand(3, 8))).rejects.toMatchObject({ code: 'ERR_CONV1D_SHAPE' });
  await expect(loadNpy(join(folder, 'none.npy'))).rejects.toMatchObject({ code: 'ENOENT' });
});

test('background calls take a signal of the test, and idle() is heard', async () => {
  const conv = new Conv1d(2, 3, 5);
  const { signal } = new AbortController();
  expect((await conv.forwardAsync(rand(2, 60), { signal })).shape).toEqual([3, 56]);
  await conv.idle();
  await expect(conv.forwardAsync(rand(2, 60), { signal: AbortSignal.abort() })).rejects.toMatchObject({
    name: 'AbortError',
  });
});

test('a stream takes arrays of the test', () => {
  const stream = new Conv1d(1, 1, 3).stream();
  expect(stream.push(rand(1, 5)).shape).toEqual([1, 3]);
});
