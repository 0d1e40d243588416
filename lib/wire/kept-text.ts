/** The places in which browsers keep fields. */
export type KeepPlace = "localStorage" | "sessionStorage" | "cookie";

/** The values of a store's kept fields as a browser has them: `null` where it has none. `from`: the incarnation in which it has told them before. */
export type Kept = readonly [texts: Readonly<Record<string, string | null>>, from?: string];

/** How many characters a cookie may have, with its name: browsers ignore longer ones. */
export const LONGEST_COOKIE = 4096;
/** How many characters the cookies of all kept fields may have together: servers and proxies refuse requests with large heads, many from 8 kB on. */
export const MOST_IN_COOKIES = 6144;
/** How many characters the other places keep of a field. */
export const LONGEST_KEPT = 65_536;

/** The name of a kept field: that of its cookie, and its key in the browser's other storages. */
export const keptName = (store: string, field: string): string => `twin.${store}.${encodeURIComponent(field)}`;

/** A value as browsers keep it: JSON, or a string as it is where it is no JSON itself. `null`: there is nothing to keep. */
export function keptText(value: unknown): string | null {
  const json = JSON.stringify(value) as string | undefined;
  if (json === undefined) return null;
  return typeof value === "string" && value.isWellFormed() && !isJson(value) ? value : json;
}

/** What a kept text may mean, the likelier first: somebody else may have written it, so text that looks like JSON may be meant as text. */
export function keptMeanings(text: string): readonly unknown[] {
  try {
    return [JSON.parse(text), text];
  } catch {
    return [text];
  }
}

/** How much of the room of its place a field takes: names and encoded values are ASCII. */
export const keptSize = (place: KeepPlace, name: string, text: string): number =>
  place === "cookie" ? name.length + 1 + encodeURIComponent(text).length : text.length;

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
