/**
 * A state as JSON. What JSON does not have stands in objects with one key: `{ "$date": … }`, `$map`, `$set`, `$bigint`, `$number`, `$bytes`, `$url`, `$regexp`.
 * What occurs a second time, as in a circle, is `{ "$ref": path }`, the path of the first.
 */
export function plainJson(root: unknown): unknown {
  const seen = new Map<object, string>();
  const visit = (value: unknown, path: string): unknown => {
    if (typeof value === "bigint") return { $bigint: String(value) };
    if (typeof value === "number" && (!Number.isFinite(value) || Object.is(value, -0))) return { $number: Object.is(value, -0) ? "-0" : String(value) };
    if (typeof value !== "object" || value === null) return value;
    const leaf = leafOf(value);
    if (leaf) return leaf;
    const first = seen.get(value);
    if (first !== undefined) return { $ref: first };
    seen.set(value, path);
    if (Array.isArray(value)) return value.map((item, i) => visit(item, `${path}[${i}]`));
    if (value instanceof Map) return { $map: [...value].map(([key, item], i) => [visit(key, `${path}[${i}].key`), visit(item, `${path}[${i}]`)]) };
    if (value instanceof Set) return { $set: [...value].map((item, i) => visit(item, `${path}[${i}]`)) };
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, visit(item, path === "" ? key : `${path}.${key}`)]));
  };
  return visit(root, "");
}

/** A value that holds no others. */
function leafOf(value: object): object | undefined {
  if (value instanceof Date) return { $date: Number.isNaN(value.getTime()) ? null : value.toISOString() };
  if (value instanceof URL) return { $url: value.href };
  if (value instanceof RegExp) return { $regexp: String(value) };
  if (value instanceof ArrayBuffer) return { $bytes: Buffer.from(value).toString("base64") };
  if (ArrayBuffer.isView(value)) return { $bytes: Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString("base64") };
  return undefined;
}
