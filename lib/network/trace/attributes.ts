import { isLayer, type Layer, nativeArguments } from '../../convolution/layer.ts';
import { Recurrent } from '../../native/recurrent.ts';
import { isElements } from '../../tensor/dtype.ts';
import { sameShape } from '../../tensor/shape.ts';
import { elementsOfView, type View } from '../../tensor/view.ts';

// Compares the attributes of operations between traces.

/** Arrays and plain objects, which each trace makes anew. */
export function isComposite(value: unknown): value is object {
  if (typeof value !== 'object' || value === null || isElements(value) || isLayerLike(value)) return false;
  return Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype;
}

/** A layer of a module, or one that a function of nn.functional made for its call. */
export function isLayerLike(value: unknown): value is Layer {
  return isLayer(value) || (typeof value === 'object' && value !== null && 'native' in value && 'fits' in value);
}

export function isTheSame(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (isElements(a) && isElements(b)) return haveTheSameElements(a, b);
  if (isLayerLike(a) && isLayerLike(b)) {
    const [x, y] = [nativeArguments(a.parameters), nativeArguments(b.parameters)];
    return x.every((each, i) => each === y[i]) && isTheSame(a.weight, b.weight) && isTheSame(a.bias, b.bias);
  }
  if (Recurrent.isRecurrent(a) && Recurrent.isRecurrent(b)) return a.hasWeightsOf(b);
  if (!isComposite(a) || !isComposite(b) || Array.isArray(a) !== Array.isArray(b)) return false;
  const keys = Object.keys(a);
  return (
    keys.length === Object.keys(b).length &&
    keys.every((key) => isTheSame((a as Record<string, unknown>)[key], (b as Record<string, unknown>)[key]))
  );
}

/** Compares all but the values of modules. */
export function haveSameSizes(a: unknown, b: unknown): boolean {
  if (!isComposite(a) || !isComposite(b)) {
    // Typed arrays, layers and cells.
    return Object.is(a, b) || (typeof a === 'object' && typeof b === 'object');
  }
  const keys = Object.keys(a);
  return (
    keys.length === Object.keys(b).length &&
    keys.every((key) => haveSameSizes((a as Record<string, unknown>)[key], (b as Record<string, unknown>)[key]))
  );
}

/** Whether two constant tensors are equal. */
export function haveSameValues(a: View, b: View): boolean {
  if (a === b) return true;
  if (a.dtype !== b.dtype || !sameShape(a.shape, b.shape)) return false;
  return haveTheSameElements(elementsOfView(a), elementsOfView(b));
}

/** Bit for bit, except that all NaN are equal. */
function haveTheSameElements(a: ArrayLike<unknown>, b: ArrayLike<unknown>): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (!Object.is(a[i], b[i])) return false;
  return true;
}
