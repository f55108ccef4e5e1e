import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { OPERATORS } from '../../../lib/onnx/operators/all.ts';
import type { DtypeName } from '../../golden/calls.ts';

/** Debian's, for which python3-onnx is installed. */
const PYTHON = '/usr/bin/python3';

export interface NodeTensor {
  readonly name: string;
  readonly dtype: DtypeName;
  readonly shape: readonly number[];
  readonly data: string;
}

/** One of ONNX's own tests. */
export interface NodeTest {
  readonly name: string;
  readonly operators: readonly string[];
  readonly opset: number;
  readonly model: string;
  /** The inputs that exporters write into the file: shapes, axes, weights. */
  readonly settings: readonly string[];
  /** Null where values are no tensors of numbers. */
  readonly inputs: readonly NodeTensor[] | null;
  readonly outputs: readonly NodeTensor[] | null;
}

/** A test that has its tensors. */
export interface PlayableTest extends NodeTest {
  readonly inputs: readonly NodeTensor[];
  readonly outputs: readonly NodeTensor[];
}

/** Without python3-onnx these tests say so and are skipped; with CONV1D_REQUIRE_ALL=1, as .ci/run has it, they fail. */
export function hasPythonOnnx(): boolean {
  if (process.env.CONV1D_REQUIRE_ALL === '1') return true;
  if (spawnSync(PYTHON, ['-c', 'import onnx']).status === 0) return true;
  console.warn("ONNX's own tests are skipped: there is no python3-onnx");
  return false;
}

/** All of ONNX's tests of operators; of several with one name the later ones get a number. */
export function makeNodeTests(): NodeTest[] {
  const folder = mkdtempSync(join(tmpdir(), 'conv1d-onnx-'));
  try {
    const file = join(folder, 'tests.jsonl');
    const script = fileURLToPath(new URL('../../golden/generate_onnx_node_tests.py', import.meta.url));
    execFileSync(PYTHON, [script, file], { stdio: ['ignore', 'ignore', 'pipe'] });
    const lines = readFileSync(file, 'utf8').trim().split('\n');
    const counts = new Map<string, number>();
    return lines.map((line) => {
      const test = JSON.parse(line) as NodeTest;
      const count = (counts.get(test.name) ?? 0) + 1;
      counts.set(test.name, count);
      return count === 1 ? test : { ...test, name: `${test.name} (${count})` };
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Those of floats, and of the integers and bools that indices, shapes and masks have. */
const DTYPES: ReadonlySet<string> = new Set<DtypeName>(['float32', 'float64', 'int64', 'int32', 'bool']);

/** Whether a test is of what is promised: its operators, and the dtypes of its inputs and outputs. */
export function isPromised(test: NodeTest): test is PlayableTest {
  const { inputs, outputs, operators } = test;
  if (inputs === null || outputs === null) return false;
  return (
    operators.every((name) => Object.hasOwn(OPERATORS, name)) &&
    [...inputs, ...outputs].every(({ dtype }) => DTYPES.has(dtype))
  );
}
