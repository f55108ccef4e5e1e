// Prints the bits of results that are the same on every machine, and where they were computed.
import { createHash } from 'node:crypto';
import { Conv1d, cpuInfo, functional, manualSeed, randn, tensor } from 'conv1d';

manualSeed(0);
const conv = new Conv1d(16, 24, 5, { padding: 'same', dilation: 2, groups: 2 });
const x = randn(3, 16, 1000);
const background = await Promise.all([conv.forwardAsync(x), conv.forwardAsync(x)]);
const [many] = await conv.forwardMany([x.at(0)]);
// From 512 KiB on, results have memory that the native side makes.
const large = randn(16, 16, 5000);
const largeResults = [conv.forward(large), await conv.forwardAsync(large)];
const hash = createHash('sha256');
const results = [conv.forward(x), conv.eval().forward(x), ...background, many, ...largeResults];
for (const result of results) hash.update(result.data);
hash.update(functional.conv1d(tensor([[[1, 2, 3, 4]]]), tensor([[[0.1, 0.2]]])).data);

let code = '';
try {
  conv.forward(randn(3, 15, 1000));
} catch (error) {
  code = error.code;
}
const glibc = process.report?.getReport().header.glibcVersionRuntime;
console.log(JSON.stringify({ digest: hash.digest('hex'), code, arch: process.arch, isa: cpuInfo().isa, glibc }));
