import { posix } from "node:path";
import type { NextApp } from "../app/next-app.js";
import { hasDirective, importsIn, nodesIn, type SourceFile, type SyntaxNode } from "../source/syntax.js";
import type { Check, Finding } from "./case.js";

const SERVER = /^twinstate\/(server(\/.*)?|next)$/;

/** Server code that a module of the browser imports comes into its bundle, or does not compile. */
export const bundles: Check = ({ app }) => {
  const reported = new Set<string>();
  return app.containing("use client").flatMap((file) => {
    const source = app.source(file);
    if (!source || !hasDirective(source, "use client")) return [];
    const way = wayToServer(app, file);
    const last = way?.at(-1);
    // Two pages that reach it by the same import have one fault.
    if (!way || !last || reported.has(`${last.file}:${last.line}`)) return [];
    reported.add(`${last.file}:${last.line}`);
    return [faultOf(file, way)];
  });
};

interface Step {
  readonly file: string;
  readonly line: number;
  readonly to: string;
}

const faultOf = (file: string, way: readonly Step[]): Finding => ({
  where: `${way[0]?.file}:${way[0]?.line}`,
  what: `Server code comes into the browser's bundle: ${[file, ...way.map(({ to }) => to)].join(" → ")}.`,
  fix: "Import types alone from modules of the server, with `import type`; call events, or pass what pages need as props.",
});

/** The imports by which a module of the browser reaches the server's code. */
function wayToServer(app: NextApp, from: string): Step[] | undefined {
  const seen = new Set([from]);
  const waiting: { readonly file: string; readonly way: Step[] }[] = [{ file: from, way: [] }];
  for (const { file, way } of waiting) {
    const source = app.source(file);
    // Functions of the server that a browser calls by name stay where they are.
    if (!source || (way.length > 0 && (hasDirective(source, "use server") || hasDirective(source, "use client")))) continue;
    for (const { from: name, names, line } of importsIn(source)) {
      const step = { file, line };
      if (SERVER.test(name)) return [...way, { ...step, to: name }];
      const target = resolve(app, file, name);
      if (target === undefined || seen.has(target) || onlyTypes(app.source(target), names)) continue;
      seen.add(target);
      waiting.push({ file: target, way: [...way, { ...step, to: target }] });
    }
  }
  return undefined;
}

/** The file of the app that an import names. */
function resolve(app: NextApp, from: string, name: string): string | undefined {
  const path = name.startsWith(".") ? posix.join(posix.dirname(from), name) : app.aliased(name);
  if (path === undefined) return undefined;
  if (app.files.includes(path)) return path;
  const plain = path.replace(/\.[cm]?jsx?$/, "");
  return app.find(path, plain, `${path}/index`);
}

/** Whether these are names of types, which compilers drop. */
function onlyTypes(source: SourceFile | undefined, names: readonly string[]): boolean {
  if (!source || names.length === 0) return false;
  const types = new Set(
    nodesIn(source.program)
      .filter(({ type }) => type === "TSTypeAliasDeclaration" || type === "TSInterfaceDeclaration")
      .map((node: SyntaxNode) => node.id.name as string),
  );
  return names.every((name) => types.has(name));
}
