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
 * Makes one native program of a module. Its forward is followed with symbols in place of tensors, for some sizes of the inputs; operations are
 * fused, memory is planned, and from then on a call is one call into the addon, for any batch and any length that the forward takes. Results
 * are those of the module's own forward, bit for bit but where a batch norm is folded into weights, or `algorithm: 'fast'` is asked for.
 *
 * The weights are a snapshot; {@link Network.update} takes other ones. The forward may compute with the methods of tensors and with
 * `functional`, and with numbers that it reads off shapes, in sums, products with constants, floors and remainders: `x.shape[2] - 5` is
 * followed. It must not read values, nor take another course for other sizes. docs/networks.md says what is refused, and what to write instead.
 *
 * Tensors of any dtype go in, between and out. What has no native step, as `argmax` and `where`, and what computes with indices, masks or floats
 * of another dtype, runs between native programs as it does without `compile`: {@link Network.summary} marks it `host`.
 *
 * @param module   in evaluation mode
 * @param options  `input`, or `inputs` for several: tensors like those to come
 * @returns        takes the arguments of the module's forward and gives what it returns
 * @throws TypeError ERR_CONV1D_TYPE    when an argument is of the wrong kind, or a module is in training mode
 * @throws TypeError ERR_CONV1D_OPTION  when an option's name is unknown
 * @throws RangeError ERR_CONV1D_VALUE  when an option has no such value, or `outputs` has not as many names as there are outputs
 * @throws TypeError ERR_CONV1D_TRACE   when the forward reads values, takes another course for other sizes, or returns a Promise; the message
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

/** @internal The same of checked options: of files, whose names of inputs need not be keys of an object in their order. */
export function compileWith(module: Module, settings: CompileSettings): Network<never, unknown> {
  const leaves: Tensor<Dtype>[] = [];
  const forms: Form[] = settings.inputs.map((input, i) =>
    takeApart(input, `compile(): ${settings.inputNames?.[i] ?? 'the input'}`, leaves),
  );
  // A file may have none, whatever use that is.
  if (leaves.length === 0 && settings.shapes === undefined) {
    throw typeError('ERR_CONV1D_TYPE', 'compile(): there is no tensor among the inputs');
  }
  const metas = leaves.map((leaf) => {
    const { dtype, shape } = viewOf(leaf)!;
    return { dtype, shape };
  });
  return makeNetwork(module, settings, forms, metas);
}
