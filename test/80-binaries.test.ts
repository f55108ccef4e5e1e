import { describe, expect, test } from 'vitest';
import { findAvx, kernelRanges, newestGlibc } from '../scripts/binaries.ts';
import { binaryOf, isMadeHere, requiredTargets, TARGETS } from '../scripts/targets.ts';

describe('the check of the prebuilt binaries', () => {
  const map = [
    ' .text          0x0000000000001000       0x20 libconv1d_core.a(forward.cc.o)',
    ' .text._ZN12_GLOBAL__N_111microkernelE',
    '                0x0000000000002000       0x10 libconv1d_core.a(kernels_avx2.cc.o)',
    ' .text          0x0000000000003000        0x0 libconv1d_core.a(kernels_avx512.cc.o)',
    ' .text.hot      0x0000000000004000       0x80 libconv1d_core.a(kernels_avx512.cc.o)',
    ' .rodata        0x0000000000005000       0x80 libconv1d_core.a(kernels_avx512.cc.o)',
  ].join('\n');

  test('finds the code of the AVX units in the linker map, and nothing else', () => {
    expect(kernelRanges(map)).toEqual([
      { begin: 0x2000, end: 0x2010 },
      { begin: 0x4000, end: 0x4080 },
    ]);
  });

  for (const [instruction, isBeyond] of [
    ['vfmadd231ps (%rax),%zmm1,%zmm2', true],
    ['vmovups %ymm0,(%rdi)', true],
    ['vzeroupper', true],
    ['kmovw  %eax,%k1', true],
    ['andn   %eax,%ebx,%ecx', true],
    ['lock popcnt %rax,%rax', true],
    ['movups %xmm0,(%rdi)', false],
    ['rep bsf %rax,%rax', false],
    ['bnd ret', false],
    ['and    %eax,%ebx', false],
  ] as const) {
    test(`${instruction} is ${isBeyond ? 'refused' : 'allowed'} in baseline code`, () => {
      const line = (address: string) => `    ${address}:\t${instruction}`;
      const { inside, outside } = findAvx([line('1004'), line('2004')].join('\n'), kernelRanges(map));
      expect(outside).toEqual(isBeyond ? [line('1004').trim()] : []);
      expect(inside).toBe(isBeyond ? 1 : 0);
    });
  }

  test('compares symbol versions as numbers', () => {
    expect(newestGlibc('fma@GLIBC_2.4 (2)\nmemcpy@GLIBC_2.14 (3)\nfree@GLIBC_2.2.5 (4)')).toEqual([2, 14]);
    expect(newestGlibc('napi_throw')).toBeNull();
  });

  test('asks for all of them unless told otherwise: a release needs every one', () => {
    expect(requiredTargets([])).toEqual(TARGETS);
    expect(requiredTargets(['--here'])).toEqual(TARGETS.filter(isMadeHere));
    expect(requiredTargets(['win32-x64']).map(binaryOf)).toEqual(['prebuilds/win32-x64/conv1d.node']);
    expect(() => requiredTargets(['win32-x86'])).toThrow("no target 'win32-x86'");
  });

  test('expects each target where node-gyp-build looks for it', () => {
    expect(TARGETS.map(binaryOf)).toEqual([
      'prebuilds/linux-x64/conv1d.glibc.node',
      'prebuilds/linux-arm64/conv1d.glibc.node',
      'prebuilds/linux-x64/conv1d.musl.node',
      'prebuilds/darwin-x64/conv1d.node',
      'prebuilds/darwin-arm64/conv1d.node',
      'prebuilds/win32-x64/conv1d.node',
    ]);
  });
});
