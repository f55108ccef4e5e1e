import { type Layer, layerOver, makeOperator } from '../../convolution/layer.ts';
import { Recurrent } from '../../native/recurrent.ts';
import { isElements } from '../../tensor/dtype.ts';
import { isComposite, isLayerLike } from './attributes.ts';

/**
 * Attributes of the network's own: they stay as they are when the module's values are written to, or its layers take other snapshots.
 * Plans are made later than the trace, and other ones with every new shape.
 */
export function ownAttributes(value: unknown): unknown {
  if (isElements(value)) return value.slice();
  if (isLayerLike(value)) return ownLayer(value);
  if (Recurrent.isRecurrent(value)) return value.snapshot();
  if (Array.isArray(value)) return value.map(ownAttributes);
  if (!isComposite(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, ownAttributes(each)]));
}

/** The same layer with the snapshot that it has now; one without is packed before build.ts ends. */
function ownLayer(layer: Layer): Layer {
  if (layer.packed === null) return layer;
  const own = layerOver(makeOperator(layer.parameters), layer.weight, layer.bias);
  own.packed = own.native.adopt(layer.native);
  return own;
}
