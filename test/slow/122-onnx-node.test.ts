import { readFileSync } from 'node:fs';
import { afterAll, describe, expect, test } from 'vitest';
import { difference, run, tensorOf } from '../helpers/onnx/load.ts';
import {
  hasPythonOnnx,
  isPromised,
  makeNodeTests,
  type NodeTensor,
  type PlayableTest,
} from '../helpers/onnx/nodeTests.ts';

// ONNX's own tests of its operators, which python3-onnx makes. test/onnx/left-out.json has those that do not pass, each with its reason.
// The list only shrinks: a test in it that passes fails the run, and so does a name that there is no test of.

/** As ONNX's runner has them. */
const [RTOL, ATOL] = [1e-3, 1e-7];

const leftOut = JSON.parse(readFileSync(new URL('../onnx/left-out.json', import.meta.url), 'utf8')) as Record<
  string,
  string
>;
const all = hasPythonOnnx() ? makeNodeTests() : [];
const promised = all.filter(isPromised);
const errors: [error: number, name: string][] = [];

const tensorFrom = ({ dtype, shape, data }: NodeTensor) => tensorOf(dtype, shape, Buffer.from(data, 'base64'));

/** Throws when the test fails. What decides about shapes is given to `loadOnnx`, the rest to the call. */
async function play({ name, model, inputs, outputs, settings }: PlayableTest): Promise<void> {
  const named = Object.fromEntries(inputs.map((input) => [input.name, tensorFrom(input)]));
  const isSetting = ([key]: [string, unknown]) => settings.includes(key);
  const constants = Object.fromEntries(Object.entries(named).filter(isSetting));
  const given = Object.fromEntries(Object.entries(named).filter((each) => !isSetting(each)));
  const results = await run(Buffer.from(model, 'base64'), given, { constants });
  for (const output of outputs) {
    const { largest, isWithin } = difference(results[output.name]!, tensorFrom(output), RTOL, ATOL);
    if (!isWithin) throw new Error(`${output.name} is off by up to ${largest}`);
    errors.push([largest, name]);
  }
}

describe.skipIf(all.length === 0)("ONNX's own test", () => {
  afterAll(() => {
    const [largest, name] = errors.reduce((one, other) => (other[0] > one[0] ? other : one), [0, 'none']);
    const passed = promised.length - Object.keys(leftOut).length;
    console.log(
      `${passed} of ${promised.length} tests of ${all.length} in all; largest error ${largest.toExponential(1)}, ${name}`,
    );
  });

  test.each(promised.filter(({ name }) => !(name in leftOut)).map((each) => [each.name, each] as const))(
    '%s passes',
    (_name, each) => play(each),
  );

  test.each(promised.filter(({ name }) => name in leftOut).map((each) => [each.name, each] as const))(
    '%s is left out and does not pass yet',
    async (_name, each) => {
      await expect(play(each), 'it passes: take it off test/onnx/left-out.json').rejects.toThrow();
    },
  );
});

describe.skipIf(all.length === 0)('The list of tests that are left out', () => {
  test('is sorted and has nothing but tests of what is promised, each with a reason', () => {
    const names = Object.keys(leftOut);
    expect(names).toEqual([...names].sort());
    expect(names.filter((name) => !promised.some((each) => each.name === name))).toEqual([]);
    for (const [name, reason] of Object.entries(leftOut)) expect(reason.length, name).toBeGreaterThan(10);
  });
});
