/**
 * Makes the fields that a layer has so far read-only, as TypeScript says that they are. For layers whose native part, norms or
 * buffers know what is in them: an assignment would change what is printed and saved, and not what is computed.
 */
export function makeFieldsReadOnly(layer: object): void {
  for (const name of Object.keys(layer)) {
    if ('value' in Object.getOwnPropertyDescriptor(layer, name)!) {
      Object.defineProperty(layer, name, { writable: false, configurable: false });
    }
  }
}
