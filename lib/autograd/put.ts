import { copy } from '../native/pointwise.ts';
import { stridesOf, type View } from '../tensor/view.ts';

/** Writes elements to a view of memory that nobody else has yet. */
export function put(view: View, place: View): void {
  if (view.numel === 0) return;
  copy(
    view.shape,
    { storage: view.storage, offset: view.offset, strides: stridesOf(view) },
    { storage: place.storage, offset: place.offset, strides: stridesOf(place) },
  );
}
