import type { SourceFile, SyntaxNode } from "./syntax.js";

/** A text that is put into a file. All else stays as it is, byte for byte. */
export interface Insertion {
  readonly at: number;
  readonly text: string;
}

/** Puts texts into a file, with its own ends of lines. */
export function insert(text: string, insertions: readonly Insertion[]): string {
  const end = text.includes("\r\n") ? "\r\n" : "\n";
  let result = text;
  // Of two at one place, the first one comes first.
  const ordered = insertions.map((one, i) => ({ ...one, i })).sort((a, b) => b.at - a.at || b.i - a.i);
  for (const { at, text: added } of ordered) result = result.slice(0, at) + added.replaceAll("\n", end) + result.slice(at);
  return result;
}

/** An import of one name, in the style of the file: its quotes, and its semicolons. */
export function importLine({ text, program }: SourceFile, name: string, from: string): Insertion {
  const body = program.body as readonly SyntaxNode[];
  const last = body.findLast((statement) => statement.type === "ImportDeclaration");
  const sample = last ? text.slice(last.start, last.end) : "";
  const [quote, semicolon] = [sample.includes("'") ? "'" : '"', last && !sample.endsWith(";") ? "" : ";"];
  const line = `import { ${name} } from ${quote}${from}${quote}${semicolon}`;
  // A comment behind the last import stays behind it.
  if (last) return { at: last.end + (/^[ \t]*\/\/[^\r\n]*/.exec(text.slice(last.end))?.[0].length ?? 0), text: `\n${line}` };
  const directive = (program.directives as readonly SyntaxNode[]).at(-1);
  if (directive) return { at: directive.end, text: `\n\n${line}` };
  return { at: body[0]?.start ?? 0, text: `${line}\n\n` };
}

/** The blanks at the beginning of the line of a place. */
export const indentAt = (text: string, at: number): string => /^[ \t]*/.exec(text.slice(text.lastIndexOf("\n", at - 1) + 1))?.[0] ?? "";

/** What one level of a file is indented by. */
export const indentUnit = (text: string): string => (/^\t/m.test(text) ? "\t" : (/^( {2,})\S/m.exec(text)?.[1] ?? "  ").length % 4 === 0 ? "    " : "  ");
