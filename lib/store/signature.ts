import type { Shape } from "./shape.js";

const signatures = new WeakMap<object, string>();

/** A short text that differs where clients see other members of some classes, or the storage keeps others. */
export function signatureOf(shapes: Iterable<Shape>): string {
  const texts = Array.from(shapes, textOf).sort();
  let [high, low] = [0xdeadbeef, 0x41c6ce57];
  for (const text of texts) {
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      high = Math.imul(high ^ code, 2654435761);
      low = Math.imul(low ^ code, 1597334677);
    }
  }
  return (high >>> 0).toString(36) + (low >>> 0).toString(36);
}

function textOf(shape: Shape): string {
  const { Class, computeds, hidden, name, persistedFields, visibleNames } = shape;
  let text = signatures.get(Class);
  if (text === undefined) {
    text = JSON.stringify([visibleNames, persistedFields, hidden?.fieldNames ?? [], computeds.map((one) => one.name)]);
    signatures.set(Class, text);
  }
  return `${JSON.stringify(name)}:${text};`;
}
