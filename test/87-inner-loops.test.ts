import { describe, expect, test } from 'vitest';
import { kernelLoops, widest } from '../scripts/mca/kernels.ts';
import { innerLoops } from '../scripts/mca/loops.ts';
import { readReport } from '../scripts/mca/model.ts';

const MICROKERNEL = 'N12_GLOBAL__N_111microkernelINS_';

describe('the inner loops of an assembler file', () => {
  for (const [assembler, lines, instructions] of [
    [
      'GCC, arm64',
      [
        'f:',
        '.L2:',
        '\tmov\tx1, x8',
        '.L3:',
        '\tldp\tq1, q0, [x1]',
        '\tfmla\tv21.4s, v4.4s, v1.s[0]',
        '\tbne\t.L3',
        '\tb\t.L2',
      ],
      ['ldp\tq1, q0, [x1]', 'fmla\tv21.4s, v4.4s, v1.s[0]', 'bne\t.L3'],
    ],
    [
      'Clang, macOS',
      ['_f:', 'LBB0_1:  ; Parent Loop', '\t; InlineAsm Start', '\tfmla.4s\tv31, v10, v8[0]', '\tb.ne\tLBB0_1'],
      ['fmla.4s\tv31, v10, v8[0]', 'b.ne\tLBB0_1'],
    ],
    [
      'GCC, x86-64',
      [
        'f:',
        '.L5:',
        '#APP',
        '# 96 "microkernel.h" 1',
        '\tvfmadd231ps\t(%rax,%rdx), %zmm3, %zmm8',
        '\tcmpq\t$4, %rcx',
        '\tjne\t.L5',
      ],
      ['vfmadd231ps\t(%rax,%rdx), %zmm3, %zmm8', 'cmpq\t$4, %rcx', 'jne\t.L5'],
    ],
  ] as const) {
    test(`${assembler}: from a label to the branch back to it, and of nested loops the inner one`, () => {
      expect(innerLoops(lines.join('\n')).map((loop) => loop.instructions)).toEqual([instructions]);
    });
  }

  test('a loop in which something else branches is none', () => {
    const lines = ['f:', '.L1:', '\tcbz\tw0, .L2', '\tfmla\tv2.4s, v1.4s, v0.s[0]', '.L2:', '\tbne\t.L1'];
    expect(innerLoops(lines.join('\n'))).toEqual([]);
  });

  test('a label of another function is not taken for one of this', () => {
    const lines = ['f:', '.L1:', '\tret', 'g:', '\tadd\tx0, x0, 1', '\tb\t.L1'];
    expect(innerLoops(lines.join('\n'))).toEqual([]);
  });
});

describe('the loops of kernels', () => {
  const loopOf = (name: string, fmas: number, others = 2) => ({
    name,
    label: '.L1',
    instructions: [...Array(fmas).fill('fmla\tv2.4s, v1.4s, v0.s[0]'), ...Array(others).fill('add\tx0, x0, 1')],
  });
  const dense = (tail: string, fmas: number) => loopOf(`_Z${MICROKERNEL}7NeonF32E${tail}`, fmas);

  test('have the names and sizes of their templates; kernels with partly filled vectors are left out', () => {
    const loops = [
      dense('Li8ELi2ELb0ELb0EEEv', 16),
      dense('Li8ELi3ELb0ELb0EEEv', 24),
      dense('Li8ELi3ELb1ELb0EEEv', 24),
      dense('Li7ELi3ELb0ELb1EEEv', 21),
      loopOf('_ZN12_GLOBAL__N_115depthwiseStripsINS_7NeonF64ELi12ELb0EEEv', 12),
    ];
    const names = ['f32 8x3', 'f32 8x2', 'f32 swapped 7x3', 'f64 depthwise 1x12'];
    expect(kernelLoops(loops).map(({ kernel }) => kernel)).toEqual(names);
    expect(widest(kernelLoops(loops)).map(({ kernel }) => kernel)).toEqual(names.filter((name) => name !== 'f32 8x2'));
  });

  test('are those that compute all products of a tap, the shorter of two', () => {
    const strips = '_ZN12_GLOBAL__N_115depthwiseStripsINS_7NeonF32ELi8ELb0EEEv';
    const loops = [dense('Li8ELi3ELb0ELb0EEEv', 1), loopOf(strips, 8, 5), loopOf(strips, 8, 2), loopOf(strips, 8, 4)];
    expect(kernelLoops(loops).map(({ loop }) => loop.instructions.length)).toEqual([10]);
  });
});

test('a report is read as cycles of a turn, the share of the FMA pipes and what limits', () => {
  const region = (TotalCycles: number, usage: readonly (readonly [number, number, number])[]) => ({
    Instructions: ['fmla\tv2.4s, v1.4s, v0.s[0]', 'ldr\tq0, [x0]'],
    SummaryView: { DispatchWidth: 4, Iterations: 100, TotalCycles, TotaluOps: 200 },
    ResourcePressureView: {
      ResourcePressureInfo: usage.map(([InstructionIndex, ResourceIndex, ResourceUsage]) => ({
        InstructionIndex,
        ResourceIndex,
        ResourceUsage,
      })),
    },
  });
  const report = {
    TargetInfo: { Resources: ['V0', 'V1', 'L.\u0000', 'L.\u0001'] },
    CodeRegions: [
      region(100, [
        [0, 0, 1],
        [0, 1, 1],
        [2, 0, 1],
        [2, 1, 1],
        [2, 2, 0.5],
        [2, 3, 0.5],
      ]),
      region(200, [
        [0, 0, 1],
        [0, 1, 1],
        [1, 2, 2],
        [2, 0, 1],
        [2, 1, 1],
        [2, 2, 2],
        [2, 3, 2],
      ]),
      region(400, [
        [0, 0, 1],
        [2, 0, 1],
        [2, 2, 1],
      ]),
    ],
  };
  expect(readReport(report, { pipes: ['V0', 'V1'], loads: ['L'] })).toEqual([
    { cyclesPerTurn: 1, busy: 1, limit: 'FMA' },
    { cyclesPerTurn: 2, busy: 0.5, limit: 'loads' },
    { cyclesPerTurn: 4, busy: 0.125, limit: 'latency' },
  ]);
});
