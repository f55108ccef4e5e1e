import { typeError } from '../check/errors.ts';
import { describe } from '../check/validate.ts';
import { Module } from '../nn/module.ts';
import type { Dtype } from '../tensor/dtype.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { viewOf } from '../tensor/tensor.ts';
import { makeNetwork, type NamedResult, type Network } from './network.ts';
import { type CompileOptions, type CompileSettings, readCompileOptions } from './options.ts';
import { type Form, takeApart } from './trace/tree.ts';

/**
 * Makes one native program of a module. It follows the module's forward with symbols in place of tensors, for some sizes of the inputs, fuses
 * operations, and plans memory. After that, a call is one call into the addon, for any batch and any length that the forward takes. Results
 * equal those of the module's own forward bit for bit, with two exceptions: batch norms that are folded into weights, and `algorithm: 'fast'`.
 *
 * The network keeps a snapshot of the weights; {@link Network.update} gives it others. The forward may use the methods of tensors and
 * `functional`. It may compute with numbers that it reads from shapes, in sums, products with constants, floors and remainders, such as
 * `x.shape[2] - 5`. It must not read values, or call other operations for other sizes. docs/networks.md lists what `compile` refuses, and what to write.
 *
 * Inputs, outputs and intermediate tensors may have any dtype. Operations without a native step, such as `argmax` and `where`, and those on indices,
 * masks or floats of another dtype, run between native programs as they do without `compile`: {@link Network.summary} marks them `host`.
 *
 * @param module   in evaluation mode
 * @param options  `input`, or `inputs` for several: tensors with the dtypes and shapes of those to come; their values do not matter
 * @returns        a network that takes the arguments of the module's forward, and gives what it returns
 * @throws TypeError ERR_CONV1D_TYPE    when an argument is of the wrong kind, or a module is in training mode
 * @throws TypeError ERR_CONV1D_OPTION  when an option's name is unknown
 * @throws RangeError ERR_CONV1D_VALUE  when an option has a wrong value, or `outputs` has more or fewer names than there are outputs
 * @throws TypeError ERR_CONV1D_TRACE   when the forward reads values, calls other operations for other sizes, or returns a Promise; the message
 *                                      names the line
 * @throws                              what the forward itself throws for such inputs
 * @example
 * const net = new nn.Sequential(new nn.Conv1d(12, 64, 17), new nn.ReLU(), new nn.AdaptiveAvgPool1d(1), new nn.Flatten(), new nn.Linear(64, 5));
 * const network = compile(net.eval(), { input: rand(1, 12, 1000) });
 * network.forward(rand(8, 12, 5000)).shape;   // [8, 5]
 * @category Networks
 */
export function compile<M extends Module, const Names extends readonly string[] = string[]>(
  module: M,
  options: CompileOptions<Names>,
): Network<Parameters<M['forward']>, ReturnType<M['forward']>, NamedResult<ReturnType<M['forward']>, Names>> {
  if (!Module.isModule(module)) {
    throw typeError(
      'ERR_CONV1D_TYPE',
      `compile(): expected a module, but got ${describe(module)}; functions go into the forward of one`,
    );
  }
  return compileWith(module, readCompileOptions(options)) as ReturnType<typeof compile<M, Names>>;
}

/** @internal The same with checked options, for files: an object cannot hold any names of inputs in any order. */
export function compileWith(module: Module, settings: CompileSettings): Network<never, unknown> {
  const leaves: Tensor<Dtype>[] = [];
  const forms: Form[] = settings.inputs.map((input, i) =>
    takeApart(input, `compile(): ${settings.inputNames?.[i] ?? 'the input'}`, leaves),
  );
  // A model in a file may have no inputs, useless as it is.
  if (leaves.length === 0 && settings.shapes === undefined) {
    throw typeError('ERR_CONV1D_TYPE', 'compile(): there is no tensor among the inputs');
  }
  const metas = leaves.map((leaf) => {
    const { dtype, shape } = viewOf(leaf)!;
    return { dtype, shape };
  });
  return makeNetwork(module, settings, forms, metas);
}
