import { typeError } from '../check/errors.ts';
import { describe } from '../check/validate.ts';
import { Module } from '../nn/module.ts';
import { type Dtype, isFloatDtype } from '../tensor/dtype.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { viewOf } from '../tensor/tensor.ts';
import { makeNetwork, type Network } from './network.ts';
import { type CompileOptions, readCompileOptions } from './options.ts';
import { type Form, takeApart } from './trace/tree.ts';

/**
 * Makes one native program of a module: its forward is followed once with symbols in place of tensors, its operations are fused, its memory is
 * planned, and every call is one call into the addon, for any batch and any length that the forward takes. The results are those of the
 * module's own forward in evaluation mode, bit for bit but where a batch norm is folded into weights.
 *
 * The weights are a snapshot; {@link Network.update} takes a new one. The forward may compute with the methods of tensors and with
 * `functional`, and with numbers that it reads off shapes, in sums, products with constants, floors and remainders: `x.shape[2] - 5` is
 * followed. It must not read values, nor take another course for larger sizes; smaller ones that it refuses, or takes another course for, are
 * refused at the call. Of the inputs one number may vary as a batch does, and one as a length does: compile with two or more items where an
 * input could be taken for another one.
 *
 * @param module   in evaluation mode
 * @param options  `input` or `inputs`: tensors like those to come; `outputs`: names for what it returns; `algorithm` and `maxWeightBytes`: as
 *                 of Conv1d, for all convolutions
 * @throws TypeError ERR_CONV1D_TYPE    when an argument is of the wrong kind, or the module is in training mode
 * @throws TypeError ERR_CONV1D_OPTION  when an option's name is unknown
 * @throws TypeError ERR_CONV1D_TRACE   when the forward reads values, takes another course for other sizes, or uses what has no native
 *                                      step; the message names the line
 * @throws                              what the forward itself throws for such inputs
 * @example
 * const net = new nn.Sequential(new nn.Conv1d(12, 64, 17), new nn.ReLU(), new nn.AdaptiveAvgPool1d(1), new nn.Flatten(), new nn.Linear(64, 5));
 * const network = compile(net.eval(), { input: rand(1, 12, 1000) });
 * network.forward(rand(8, 12, 5000)).shape;   // [8, 5]
 * @category Networks
 */
export function compile<M extends Module>(
  module: M,
  options: CompileOptions,
): Network<Parameters<M['forward']>, ReturnType<M['forward']>> {
  if (!Module.isModule(module)) {
    throw typeError(
      'ERR_CONV1D_TYPE',
      `compile(): expected a module, but got ${describe(module)}; functions go into the forward of one`,
    );
  }
  const settings = readCompileOptions(options);
  const leaves: Tensor<Dtype>[] = [];
  const forms: Form[] = settings.inputs.map((input, i) =>
    takeApart(input, `compile(): ${settings.inputNames?.[i] ?? 'the input'}`, leaves),
  );
  if (leaves.length === 0) throw typeError('ERR_CONV1D_TYPE', 'compile(): there is no tensor among the inputs');
  const metas = leaves.map((leaf) => {
    const { dtype, shape } = viewOf(leaf)!;
    return { dtype, shape };
  });
  const [{ dtype }] = metas as [(typeof metas)[number]];
  const other = metas.find((meta) => meta.dtype !== dtype || !isFloatDtype(meta.dtype));
  if (other !== undefined) {
    throw typeError(
      'ERR_CONV1D_DTYPE',
      `compile(): all inputs must be float32 or all float64, but one is ${other.dtype}; look indices up, or convert, before the network`,
    );
  }
  return makeNetwork(module, settings, forms, metas) as Network<Parameters<M['forward']>, ReturnType<M['forward']>>;
}
