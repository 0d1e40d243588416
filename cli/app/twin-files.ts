import { exported, importsIn, nodesIn, type SourceFile } from "../source/syntax.js";
import type { NextApp } from "./next-app.js";

/** The places of twinstate's parts in an app. */
export interface TwinFiles {
  /** The module that calls `createTwin`. */
  readonly server: string | undefined;
  /** The module that calls `createHooks`. */
  readonly client: string | undefined;
  /** The route with the twin's handlers, and its address. */
  readonly route: { readonly file: string; readonly address: string } | undefined;
  /** The files that put `<TwinProvider>` around something. */
  readonly providers: readonly string[];
  readonly proxy: string | undefined;
}

/** Finds the parts of twinstate in an app. */
export function twinFiles(app: NextApp): TwinFiles {
  const [server] = callers(app, "createTwin", "twinstate/server");
  const [client] = callers(app, "createHooks", "twinstate/react");
  return {
    server,
    client,
    route: routeIn(app, server),
    providers: providersIn(app, client),
    proxy: app.find(`${app.root}proxy`, `${app.root}middleware`),
  };
}

/** The files that import a function and call it; of tests there may be others. */
export function callers(app: NextApp, name: string, from: string): string[] {
  return app
    .containing(name)
    .filter((path) => !/\.(test|spec)\.|(^|\/)(tests?|__tests__)\//.test(path))
    .filter((path) => {
      const source = app.source(path);
      const calls = new RegExp(`\\b${name}\\s*[(<]`).test(source?.code ?? (app.read(path) as string));
      // What is not understood may well be it.
      if (!source) return calls && new RegExp(`["']${from}["']`).test(app.read(path) as string);
      return calls && importsIn(source).some((one) => one.from === from && one.names.includes(name));
    });
}

/** The files that put the provider around something, by whatever name they import it. */
function providersIn(app: NextApp, client: string | undefined): string[] {
  const name = (client !== undefined && providerName(app, client)) || "TwinProvider";
  return app.containing(name).filter((path) => {
    const nodes = nodesIn(app.source(path)?.program ?? []);
    const imported = nodes.filter(({ type, imported }) => type === "ImportSpecifier" && (imported.name ?? imported.value) === name);
    const names = [name, ...imported.map(({ local }) => local.name as string)];
    // As an element, or as what `createElement` is given.
    const used = nodes.flatMap((node) => (node.type === "JSXIdentifier" ? node.name : node.type === "CallExpression" ? node.arguments[0]?.name : []));
    return used.some((one) => names.includes(one));
  });
}

/** The route that has the handlers of the twin: packages for sign-in have routes with handlers too. */
function routeIn(app: NextApp, server: string | undefined): TwinFiles["route"] {
  const code = (file: string) => app.source(file)?.code ?? (app.read(file) as string);
  const imports = (file: string) => {
    const source = app.source(file);
    return source ? importsIn(source).map(({ from }) => app.resolve(file, from)) : [];
  };
  const routes = app.files.filter((file) => file.startsWith(`${app.router}/`) && ROUTE.test(file) && /\bhandlers\b/.test(code(file)));
  const file =
    routes.find((file) => server !== undefined && imports(file).includes(server)) ??
    routes.find((file) => reaches(app, file, "twinstate/server")) ??
    routes.find((file) => /\.handlers\b/.test(code(file)));
  if (file === undefined || app.router === undefined) return undefined;
  // Groups of routes, `(group)`, are no part of the address.
  const parts = file.slice(app.router.length).replace(ROUTE, "").split("/");
  return { file, address: parts.filter((part) => !/^\(.*\)$/.test(part)).join("/") };
}

/** The end of a route for all paths below its own. */
const ROUTE = /\/\[{1,2}\.\.\.[^\]/]+\]{1,2}\/route\.[mc]?[jt]sx?$/;

/** Whether a file of the app imports something of a package, itself or by others of the app: one of these names, or all. */
function reaches(app: NextApp, from: string, name: string, names?: readonly string[]): boolean {
  const seen = new Set([from]);
  for (const file of seen) {
    const source = app.source(file);
    for (const one of source ? importsIn(source) : []) {
      if (one.from === name && (!names || one.names.some((imported) => imported === "*" || names.includes(imported)))) return true;
      const next = app.resolve(file, one.from);
      if (next !== undefined) seen.add(next);
    }
  }
  return false;
}

/** Whether a proxy begins sessions, by what `twinstate/next` has for that. */
export const beginsSessions = (app: NextApp, proxy: string): boolean => reaches(app, proxy, "twinstate/next", ["proxy", "createProxy", "withSession"]);

/** The name by which a module exports the provider of its hooks. */
export function providerName(app: NextApp, client: string): string | undefined {
  const source: SourceFile | undefined = app.source(client);
  if (!source || exported(source, "TwinProvider")) return source && "TwinProvider";
  const renamed = /\bTwinProvider\s*:\s*(\w+)/.exec(source.code)?.[1];
  return renamed ?? (/\bexport\b[^;]*\bTwinProvider\b/.test(source.code) ? "TwinProvider" : undefined);
}
