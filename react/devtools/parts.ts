/** The parts of a value that can be opened, by name. */
export interface Parts {
  readonly size: number;
  /** A range of the parts, as a long list is not built all at once. */
  slice(from: number, to: number): readonly (readonly [name: string, value: unknown])[];
}

/** `undefined` for a value that holds nothing. */
export function treePartsOf(value: unknown): Parts | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  if (Array.isArray(value) || ArrayBuffer.isView(value)) {
    const list = value as ArrayLike<unknown>;
    if (!(list.length > 0)) return undefined;
    return { size: list.length, slice: (from, to) => Array.from({ length: to - from }, (_, i) => [String(from + i), list[from + i]]) };
  }
  if (value instanceof Map) return listed([...value], ([key, held]) => [`${preview(key)} →`, held]);
  if (value instanceof Set) return listed([...value], (held, i) => [String(i), held]);
  if (value instanceof Error) return listed(["code", "message", "data"], (name) => [name, (value as unknown as Record<string, unknown>)[name]]);
  return listed(Object.keys(value), (name) => [name, (value as Record<string, unknown>)[name]]);
}

function listed<T>(list: readonly T[], part: (item: T, i: number) => readonly [string, unknown]): Parts | undefined {
  if (list.length === 0) return undefined;
  return { size: list.length, slice: (from, to) => list.slice(from, to).map((item, i) => part(item, from + i)) };
}

/** The longest text that is shown of a string. */
const LONG = 200;

/** A value in one line. `inside`: of another one, of which one line is shown. */
export function preview(value: unknown, inside = false): string {
  switch (typeof value) {
    case "string":
      return JSON.stringify(value.length > LONG ? `${value.slice(0, LONG)}…` : value);
    case "bigint":
      return `${value}n`;
    case "number":
      return Object.is(value, -0) ? "-0" : String(value);
    case "object":
      return value === null ? "null" : previewObject(value, inside);
    default:
      return String(value);
  }
}

function previewObject(value: object, inside: boolean): string {
  if (Array.isArray(value)) return `Array(${value.length})`;
  if (value instanceof Map || value instanceof Set) return `${value instanceof Map ? "Map" : "Set"}(${value.size})`;
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? "Invalid Date" : `Date ${value.toISOString()}`;
  if (value instanceof URL) return `URL ${value.href}`;
  if (value instanceof RegExp) return String(value);
  if (value instanceof ArrayBuffer) return `ArrayBuffer(${value.byteLength})`;
  if (ArrayBuffer.isView(value)) return `${value.constructor.name}(${value.byteLength})`;
  if (value instanceof Error) return value.message;
  const { name } = (Object.getPrototypeOf(value)?.constructor ?? Object) as { name: string };
  const className = name === "Object" ? "" : `${name} `;
  const names = Object.keys(value);
  if (names.length === 0) return `${className}{}`;
  if (inside) return `${className}{…}`;
  const parts = names.slice(0, 4).map((name) => `${name}: ${preview((value as Record<string, unknown>)[name], true)}`);
  return `${className}{ ${parts.join(", ")}${names.length > parts.length ? ", …" : ""} }`;
}

/** The kind of a value, for its colour. */
export const kindLabelOf = (value: unknown): string => (value === null ? "null" : typeof value);
