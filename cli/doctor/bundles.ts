import { hasDirective, importsIn, nodesIn, type SourceFile, type SyntaxNode } from "../source/syntax.js";
import type { Check, Finding } from "./case.js";

const SERVER = /^twinstate\/(server(\/.*)?|next)$/;

/** An import on the way from a module of the browser. */
interface Step {
  readonly file: string;
  readonly line: number;
  readonly to: string;
}

/** Server code that a module of the browser imports comes into its bundle, or does not compile. */
export const bundles: Check = ({ app }) => {
  const begin = app.containing("use client").filter((file) => {
    const source = app.source(file);
    return source && hasDirective(source, "use client");
  });
  // Each module is looked at once, by the shortest way to it: two pages that reach the server's code by the same module have one fault.
  const seen = new Set(begin);
  const waiting: { readonly file: string; readonly way: readonly Step[] }[] = begin.map((file) => ({ file, way: [] }));
  const faults: Finding[] = [];
  for (const { file, way } of waiting) {
    const source = app.source(file);
    // Functions of the server that a browser calls by name stay where they are.
    if (!source || (way.length > 0 && hasDirective(source, "use server"))) continue;
    const imports = importsIn(source);
    const server = imports.find(({ from }) => SERVER.test(from));
    if (server) {
      faults.push(faultOf([...way, { file, line: server.line, to: server.from }]));
      continue;
    }
    for (const { from, names, line } of imports) {
      const target = app.resolve(file, from);
      if (target === undefined || seen.has(target) || onlyTypes(app.source(target), names)) continue;
      seen.add(target);
      waiting.push({ file: target, way: [...way, { file, line, to: target }] });
    }
  }
  return faults;
};

const faultOf = (way: readonly Step[]): Finding => ({
  where: `${way[0]?.file}:${way[0]?.line}`,
  what: `Server code comes into the browser's bundle: ${[way[0]?.file, ...way.map(({ to }) => to)].join(" → ")}.`,
  fix: "Import types alone from modules of the server, with `import type`; call events, or pass what pages need as props.",
});

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
