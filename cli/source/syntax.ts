import { parse } from "@babel/parser";

/** A node of a file's syntax tree, as Babel's parser makes it. */
export interface SyntaxNode {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly loc: { readonly start: { readonly line: number } };
  readonly [key: string]: any;
}

/** What a file says, with its syntax. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
  /** The text with blanks in the place of comments: what it says there is not done. */
  readonly code: string;
  readonly program: SyntaxNode;
}

/** Why a file is not understood. */
export interface SyntaxFault {
  readonly line: number;
  readonly why: string;
}

/** What TypeScript has, and may have soon. */
const SYNTAX = ["typescript", "decorators-legacy", "decoratorAutoAccessors", "deferredImportEvaluation", "sourcePhaseImports"] as const;

/** Reads a file of TypeScript or JavaScript. `undefined`: its syntax is not understood, and `refuse` is given the reason. */
export function parseSource(path: string, text: string, refuse?: (fault: SyntaxFault) => void): SourceFile | undefined {
  const jsx = /\.([cm]?ts)$/.test(path) ? [] : (["jsx"] as const);
  try {
    // Scripts of CommonJS are sloppy, and may return.
    const { program, comments } = parse(text, { sourceType: "unambiguous", allowReturnOutsideFunction: true, plugins: [...SYNTAX, ...jsx] });
    return { path, text, code: withoutComments(text, comments ?? []), program: program as unknown as SyntaxNode };
  } catch (error) {
    const { loc, message } = error as Error & { readonly loc?: { readonly line: number } };
    refuse?.({ line: loc?.line ?? 1, why: message.replace(/ \(\d+:\d+\)$/, "") });
    return undefined;
  }
}

function withoutComments(text: string, comments: readonly { readonly start?: number | null; readonly end?: number | null }[]): string {
  let result = "";
  let at = 0;
  for (const { start, end } of comments) {
    result += text.slice(at, start as number) + text.slice(start as number, end as number).replace(/[^\r\n]/g, " ");
    at = end as number;
  }
  return result + text.slice(at);
}

/** All nodes of a tree, each before those inside of it. */
export function nodesIn(root: SyntaxNode | readonly SyntaxNode[]): SyntaxNode[] {
  const found: SyntaxNode[] = [];
  const waiting: unknown[] = [root];
  while (waiting.length > 0) {
    const one = waiting.pop();
    if (Array.isArray(one)) waiting.push(...one.toReversed());
    else if (isNode(one)) {
      found.push(one);
      for (const [key, value] of Object.entries(one).reverse()) if (key !== "loc" && value !== null && typeof value === "object") waiting.push(value);
    }
  }
  return found;
}

const isNode = (value: unknown): value is SyntaxNode =>
  typeof (value as SyntaxNode | null)?.type === "string" && typeof (value as SyntaxNode).start === "number";

/** One import or re-export of a file. Those of types alone, which no code runs for, are not among them. */
export interface Import {
  readonly from: string;
  /** The names that are imported, as the other file calls them; `*` for all. */
  readonly names: readonly string[];
  readonly line: number;
}

const known = new WeakMap<SourceFile, readonly Import[]>();

export function importsIn(source: SourceFile): readonly Import[] {
  const found = known.get(source) ?? readImports(source);
  known.set(source, found);
  return found;
}

function readImports({ program }: SourceFile): Import[] {
  const found: Import[] = [];
  for (const node of nodesIn(program)) {
    const line = node.loc.start.line;
    if (/^(ImportDeclaration|Export(Named|All)Declaration)$/.test(node.type) && node.source) {
      if (node.importKind === "type" || node.exportKind === "type") continue;
      const all: readonly SyntaxNode[] = node.specifiers ?? [];
      const values = all.filter((one) => one.importKind !== "type" && one.exportKind !== "type");
      // Where all its names are types, compilers drop the import.
      if (all.length > 0 && values.length === 0) continue;
      found.push({ from: node.source.value, names: node.type === "ExportAllDeclaration" ? ["*"] : values.map(importedName), line });
    } else if (node.type === "ImportExpression" && node.source.type === "StringLiteral") found.push({ from: node.source.value, names: ["*"], line });
    else if (node.type === "CallExpression" && node.callee.type === "Import" && node.arguments[0]?.type === "StringLiteral")
      found.push({ from: node.arguments[0].value, names: ["*"], line });
  }
  return found;
}

function importedName(specifier: SyntaxNode): string {
  if (specifier.type === "ImportDefaultSpecifier") return "default";
  if (specifier.type === "ImportNamespaceSpecifier") return "*";
  const name = specifier.type === "ImportSpecifier" ? specifier.imported : specifier.local;
  return name.name ?? name.value;
}

/** Whether a file begins with a directive, such as `"use client"`. */
export const hasDirective = ({ program }: SourceFile, text: string): boolean =>
  (program.directives as readonly SyntaxNode[]).some((directive) => directive.value.value === text);

/** The value that a module exports under a name: a declaration or an expression. */
export function exported({ program }: SourceFile, name: string): SyntaxNode | undefined {
  for (const statement of program.body as readonly SyntaxNode[]) {
    if (name === "default" && statement.type === "ExportDefaultDeclaration") return statement.declaration;
    const declaration: SyntaxNode | undefined = statement.type === "ExportNamedDeclaration" ? (statement.declaration ?? undefined) : undefined;
    if (declaration?.type === "FunctionDeclaration" && declaration.id.name === name) return declaration;
    for (const one of declaration?.type === "VariableDeclaration" ? declaration.declarations : []) if (one.id.name === name) return one.init ?? undefined;
  }
  return undefined;
}

/** The texts of a literal: a string, or a list of strings or of objects that have one as `source`. `undefined`: something else. */
export function literalTexts(node: SyntaxNode | undefined): { readonly value: string; readonly node: SyntaxNode }[] | undefined {
  if (node?.type === "StringLiteral") return [{ value: node.value, node }];
  if (node?.type === "TemplateLiteral" && node.expressions.length === 0) return [{ value: node.quasis[0].value.cooked, node }];
  if (node?.type === "ObjectExpression") return literalTexts(propertyOf(node, "source"));
  if (node?.type !== "ArrayExpression") return undefined;
  const all = (node.elements as readonly SyntaxNode[]).map(literalTexts);
  return all.includes(undefined) ? undefined : all.flatMap((texts) => texts ?? []);
}

/** The value of an object literal's property. */
export function propertyOf(object: SyntaxNode | undefined, name: string): SyntaxNode | undefined {
  const plain = object?.type === "TSSatisfiesExpression" || object?.type === "TSAsExpression" ? object.expression : object;
  if (plain?.type !== "ObjectExpression") return undefined;
  return (plain.properties as readonly SyntaxNode[]).find((one) => one.type === "ObjectProperty" && (one.key.name ?? one.key.value) === name)?.value;
}
