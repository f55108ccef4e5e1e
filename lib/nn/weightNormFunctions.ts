import { rangeError, typeError } from '../check/errors.ts';
import { describe } from '../check/validate.ts';
import { viewArgument } from '../tensor/arguments.ts';
import { readDimension } from '../tensor/dimensions.ts';
import { Module } from './module.ts';
import { WeightNorm } from './weightNorm.ts';

/**
 * Puts a parameter of a layer under weight norm: w = g * v / ||v||, with a magnitude g and a direction v to be learned in its place
 * (T. Salimans and D. P. Kingma, "Weight Normalization", 2016). PyTorch's `torch.nn.utils.weight_norm`.
 *
 * The state dict then has `bias`, `weight_g` and `weight_v`; `loadStateDict` takes the names of PyTorch's later
 * `parametrizations.weight_norm` as well. In training mode each call works the weight out; `eval()` does it once.
 *
 * @param module  a layer; it is given back
 * @param name    the parameter, `'weight'` by default
 * @param dim     the dimension that keeps a norm for each of its positions, 0 by default; null for one norm of all
 * @throws TypeError ERR_CONV1D_TYPE    when the module is no layer of this library, or has no such parameter
 * @throws RangeError ERR_CONV1D_VALUE  when the parameter is under a norm already
 * @throws RangeError ERR_CONV1D_SHAPE  when it has no such dimension
 * @example
 * const conv = nn.weightNorm(new nn.Conv1d(2, 3, 5));
 * Object.keys(conv.stateDict());   // ['bias', 'weight_g', 'weight_v']
 * @category Layer
 */
export function weightNorm<M extends Module>(module: M, name = 'weight', dim: number | null = 0): M {
  const parameter = parameterOf(module, name, 'weightNorm');
  if (module.normOf(name) !== undefined) {
    throw rangeError('ERR_CONV1D_VALUE', `Cannot register two weight_norm hooks on the same parameter ${name}`);
  }
  const kept =
    dim === null || dim === -1
      ? -1
      : readDimension(dim, viewArgument(parameter, name).shape.length, 'weightNorm(): dim');
  const norm = new WeightNorm(name, parameter, kept);
  norm.fold();
  norm.connect();
  module.setNorm(name, norm);
  if (!module.training) module.eval();
  return module;
}

/**
 * Takes weight norm away: the parameter keeps the value that magnitude and direction make. PyTorch's `torch.nn.utils.remove_weight_norm`.
 *
 * @param module  a layer; it is given back
 * @param name    the parameter, `'weight'` by default
 * @throws TypeError ERR_CONV1D_TYPE    when the module is no layer of this library, or has no such parameter
 * @throws RangeError ERR_CONV1D_VALUE  when the parameter is under no norm
 * @example
 * Object.keys(nn.removeWeightNorm(nn.weightNorm(new nn.Conv1d(2, 3, 5))).stateDict());   // ['weight', 'bias']
 * @category Layer
 */
export function removeWeightNorm<M extends Module>(module: M, name = 'weight'): M {
  parameterOf(module, name, 'removeWeightNorm');
  const norm = module.normOf(name);
  if (norm === undefined) {
    throw rangeError('ERR_CONV1D_VALUE', `weight_norm of '${name}' not found in ${module}`);
  }
  norm.fold();
  norm.disconnect();
  module.dropNorm(name);
  if (!module.training) module.eval();
  return module;
}

function parameterOf(module: unknown, name: unknown, what: string) {
  if (!Module.isModule(module)) {
    throw typeError('ERR_CONV1D_TYPE', `${what}(): expected a layer, but got ${describe(module)}`);
  }
  if (typeof name !== 'string') {
    throw typeError('ERR_CONV1D_TYPE', `${what}(): the name must be a string, but got ${describe(name)}`);
  }
  const parameter = module.knowsNorms ? module.parameterNamed(name) : undefined;
  if (parameter !== undefined) return parameter;
  throw typeError(
    'ERR_CONV1D_TYPE',
    `${what}(): ${module.constructor.name} is no layer of this library with a parameter '${name}'`,
  );
}
