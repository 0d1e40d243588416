import { exported, literalTexts, propertyOf, type SourceFile, type SyntaxNode } from "../source/syntax.js";

/** One pattern of a proxy's `matcher`. */
export interface Pattern {
  readonly value: string;
  readonly node: SyntaxNode;
}

/** The patterns of a proxy. `"all"`: it has no matcher, so it runs for every request. `undefined`: its matcher is not understood. */
export function patternsOf(proxy: SourceFile): Pattern[] | "all" | undefined {
  const config = exported(proxy, "config");
  if (!config) return /\bexport\b[^;]*\bconfig\b/.test(proxy.code) ? undefined : "all";
  const matcher = propertyOf(config, "matcher");
  if (!matcher) return isPlain(config) ? "all" : undefined;
  const patterns = literalTexts(matcher);
  return patterns?.every(({ value }) => expressionOf(value)) ? patterns : undefined;
}

/** Whether all keys of a configuration are to be seen. */
const isPlain = (config: SyntaxNode) =>
  config.type === "ObjectExpression" && (config.properties as readonly SyntaxNode[]).every(({ type, computed }) => type === "ObjectProperty" && !computed);

/** Whether a pattern of a `matcher` matches a path, as Next reads it. */
export const matches = (pattern: string, path: string): boolean => expressionOf(pattern)?.test(path) === true;

/** The regular expression of a pattern. `undefined`: it is none that is known. */
function expressionOf(pattern: string): RegExp | undefined {
  try {
    return new RegExp(`^${translated(pattern)}/?$`, "i");
  } catch {
    return undefined;
  }
}

/** A pattern as a regular expression: groups stay as they are, `:name` is one part of a path, `:name*` any number of them. */
function translated(pattern: string): string {
  let result = "";
  for (let i = 0; i < pattern.length; ) {
    const [part, name] = /^\/:(\w+)/.exec(pattern.slice(i)) ?? [];
    const letter = pattern[i] as string;
    if (part !== undefined && name !== undefined) {
      const group = groupAt(pattern, i + part.length);
      i += part.length + group.length;
      const times = /^[*+?]/.exec(pattern.slice(i))?.[0] ?? "";
      i += times.length;
      const one = group || "([^/]+?)";
      result += times === "" ? `/${one}` : `(?:/${one})${times}`;
    } else if (letter === "(") {
      const group = groupAt(pattern, i);
      result += group;
      i += group.length;
    } else if (letter === "\\") {
      result += pattern.slice(i, i + 2);
      i += 2;
    } else {
      result += /[.$^|[\]{})]/.test(letter) ? `\\${letter}` : letter;
      i++;
    }
  }
  return result;
}

/** The group in parentheses that begins at a place, with those inside of it. */
function groupAt(pattern: string, at: number): string {
  if (pattern[at] !== "(") return "";
  let depth = 0;
  for (let i = at; i < pattern.length; i++) {
    if (pattern[i] === "\\") i++;
    else if (pattern[i] === "(") depth++;
    else if (pattern[i] === ")" && --depth === 0) return pattern.slice(at, i + 1);
  }
  return pattern.slice(at);
}
