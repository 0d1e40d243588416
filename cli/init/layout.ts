import { providerName, type TwinFiles } from "../app/twin-files.js";
import { importLine, indentAt, indentUnit, insert } from "../source/insertions.js";
import { nodesIn, type SourceFile, type SyntaxNode } from "../source/syntax.js";
import type { Modules } from "./new-files.js";
import type { InitPlan } from "./plan.js";

/** Puts `<TwinProvider>` around what is in the `<body>` of the root layout, or of several: groups of routes, or languages, may have one each. */
export function wrapLayouts(plan: InitPlan, found: TwinFiles, modules: Modules): void {
  const { app } = plan;
  if (found.providers.length > 0) return;
  const withBody = app.files.filter((path) => path.startsWith(`${app.router}/`) && /\/layout\.[jt]sx?$/.test(path) && app.read(path)?.includes("<body"));
  for (const path of withBody.length > 0 ? withBody : [app.find(`${app.router}/layout`)]) wrapLayout(plan, path, modules);
}

function wrapLayout(plan: InitPlan, layout: string | undefined, { client }: Modules): void {
  const { app } = plan;
  const path = layout ?? `${app.router}/layout.tsx`;
  const from = app.tsconfig.specifier(path, client);
  const byHand = (why: string, line?: number) =>
    plan.byHand.push({
      where: line === undefined ? path : `${path}:${line}`,
      why: `${why}. Put the provider around all pages:`,
      lines: `import { TwinProvider } from "${from}";\n\n<body>\n  <TwinProvider>{children}</TwinProvider>\n</body>`,
    });
  if (layout === undefined) return void byHand("there is no root layout");
  const source = app.source(layout);
  if (!source) return void byHand("its syntax is not understood");
  if (plan.app.read(client) !== undefined && providerName(app, client) !== "TwinProvider") return void byHand(`${client} exports no \`TwinProvider\``);
  const bodies = nodesIn(source.program).filter((node) => node.type === "JSXElement" && node.openingElement.name.name === "body");
  const [body] = bodies;
  if (!body) return void byHand("there is no `<body>` in it");
  if (bodies.length > 1) return void byHand("there is more than one `<body>` in it", bodies[1]?.loc.start.line);
  if (!body.closingElement) return void byHand("its `<body>` has no children", body.loc.start.line);
  plan.write(path, insert(source.text, [importLine(source, "TwinProvider", from), ...around(source, body)]));
}

/** What is put around the children of an element, and before their lines. */
function around({ text, program }: SourceFile, element: SyntaxNode) {
  const start: number = element.openingElement.end;
  const end: number = element.closingElement.start;
  const inside = text.slice(start, end);
  const outer = indentAt(text, element.start);
  const inner = outer + indentUnit(text);
  if (!/^[ \t]*\r?\n/.test(inside) || !/\n[ \t]*$/.test(inside)) {
    return [
      { at: start, text: `\n${inner}<TwinProvider>` },
      { at: end, text: `</TwinProvider>\n${outer}` },
    ];
  }
  const last = start + inside.trimEnd().length;
  // Blanks in a text are part of it.
  const literals = nodesIn(program).filter(({ type }) => type === "TemplateLiteral" || type === "StringLiteral");
  const moved = [...inside.matchAll(/\n(?=[ \t]*[^\s])/g)]
    .map(({ index }) => start + index + 1)
    .filter((at) => at < last && !literals.some((literal) => literal.start < at && at < literal.end))
    .map((at) => ({ at, text: indentUnit(text) }));
  return [{ at: start, text: `\n${inner}<TwinProvider>` }, ...moved, { at: last, text: `\n${inner}</TwinProvider>` }];
}
