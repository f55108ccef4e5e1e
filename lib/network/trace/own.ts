import { type Layer, layerOver, makeOperator } from '../../convolution/layer.ts';
import { Recurrent } from '../../native/recurrent.ts';
import { isElements } from '../../tensor/dtype.ts';
import { isComposite, isLayerLike } from './attributes.ts';

/**
 * The network's own copy of attributes, which does not change when somebody writes to the module's values, or its layers take other snapshots.
 * The network makes plans after the trace, and a new one for every new shape.
 */
export function ownAttributes(value: unknown): unknown {
  if (isElements(value)) return value.slice();
  if (isLayerLike(value)) return ownLayer(value);
  if (Recurrent.isRecurrent(value)) return value.snapshot();
  if (Array.isArray(value)) return value.map(ownAttributes);
  if (!isComposite(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, ownAttributes(each)]));
}

/** The same layer with its present snapshot; build.ts packs a layer that has none. */
function ownLayer(layer: Layer): Layer {
  if (layer.packed === null) return layer;
  const own = layerOver(makeOperator(layer.parameters), layer.weight, layer.bias);
  own.packed = own.native.adopt(layer.native);
  return own;
}
