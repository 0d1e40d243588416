import { exported, literalTexts, propertyOf, type SourceFile, type SyntaxNode } from "../source/syntax.js";

/** One pattern of a proxy's `matcher`. */
export interface Pattern {
  readonly value: string;
  readonly node: SyntaxNode;
}

/** The patterns of a proxy. `"all"`: it has no matcher, so it runs for every request. `undefined`: its matcher is not understood. */
export function patternsOf(proxy: SourceFile): Pattern[] | "all" | undefined {
  const config = exported(proxy, "config");
  if (!config) return /\bexport\b[^;]*\bconfig\b/.test(proxy.text) ? undefined : "all";
  const matcher = propertyOf(config, "matcher");
  return matcher ? literalTexts(matcher) : "all";
}

/** Whether a pattern of a `matcher` matches a path, as Next reads it. */
export function matches(pattern: string, path: string): boolean {
  return new RegExp(`^${expressionOf(pattern)}/?$`, "i").test(path);
}

/** The regular expression of a pattern: groups stay as they are, `:name` is one part of a path, `:name*` any number of them. */
function expressionOf(pattern: string): string {
  let result = "";
  let depth = 0;
  for (let i = 0; i < pattern.length; i++) {
    const rest = pattern.slice(i);
    const part = depth === 0 ? /^\/:(\w+)(\([^)]*\))?([*+?])?/.exec(rest) : null;
    if (part) {
      const [all, , group = "([^/]+?)", times = ""] = part;
      result += times === "" ? `/${group}` : `(?:/${group})${times}`;
      i += all.length - 1;
      continue;
    }
    const letter = pattern[i] as string;
    if (letter === "\\") result += letter + (pattern[++i] ?? "");
    else {
      if (letter === "(") depth++;
      if (letter === ")") depth--;
      result += depth === 0 && /[.$^|[\]{}]/.test(letter) ? `\\${letter}` : letter;
    }
  }
  return result;
}
