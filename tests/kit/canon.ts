/**
 * A value as text that is equal for two values exactly if they are equal in content, order and identity: each container is
 * written once, in the order of meeting, and referred to by number. `names` says which fields of a class instance count.
 */
export function canon(root: unknown, names: (instance: object) => readonly string[] = Object.keys): string {
  const numbers = new Map<object, number>();
  const queue: object[] = [];
  const out: string[] = [];
  const slot = (value: unknown): string => {
    if (typeof value === "string") return JSON.stringify(value);
    if (typeof value === "bigint") return `${value}n`;
    if (typeof value === "number") return Object.is(value, -0) ? "-0" : String(value);
    if (typeof value !== "object" || value === null) return String(value);
    if (value instanceof Date) return `Date(${value.getTime()})`;
    if (value instanceof URL) return `URL(${value.href})`;
    if (value instanceof RegExp) return String(value);
    if (ArrayBuffer.isView(value))
      return `${Object.prototype.toString.call(value)}(${new Uint8Array(value.buffer, value.byteOffset, value.byteLength).join()})`;
    if (value instanceof ArrayBuffer) return `ArrayBuffer(${new Uint8Array(value).join()})`;
    let number = numbers.get(value);
    if (number === undefined) {
      number = queue.length;
      numbers.set(value, number);
      queue.push(value);
    }
    return `#${number}`;
  };
  out.push(slot(root));
  for (const value of queue) {
    if (Array.isArray(value)) out.push(`[${Array.from(value, slot).join()}]`);
    else if (value instanceof Map) out.push(`Map{${Array.from(value, ([key, item]) => `${slot(key)}=>${slot(item)}`).join()}}`);
    else if (value instanceof Set) out.push(`Set{${Array.from(value, slot).join()}}`);
    else out.push(`{${names(value).map((name) => `${JSON.stringify(name)}:${slot((value as Record<string, unknown>)[name])}`)}}`);
  }
  return out.join("\n");
}

/** How many containers can be reached. */
export const countContainers = (text: string): number => text.split("\n").length - 1;
