/**
 * Descriptors that give each instance of a class getters of its own, beside those of its prototype. Whoever looks at a value from
 * outside sees own enumerable properties only: node:assert, vitest and Jest compare them, structuredClone and postMessage carry
 * them. A class whose state is private would equal every other instance and arrive as `{}`.
 *
 * Each getter asks the instance's prototype, so that a subclass may override it.
 *
 * @example
 * Object.defineProperties(this, OWN);   // in the constructor; const OWN = ownGetters(['stride', 'padding']);
 */
export function ownGetters(names: readonly string[]): PropertyDescriptorMap {
  return Object.fromEntries(
    names.map((name) => [
      name,
      {
        enumerable: true,
        get(this: object): unknown {
          return Reflect.get(Object.getPrototypeOf(this) as object, name, this);
        },
      },
    ]),
  );
}
