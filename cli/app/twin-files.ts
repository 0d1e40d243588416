import { exported, importsIn } from "../source/syntax.js";
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
  return {
    server: calling(app, "createTwin", "twinstate/server"),
    client: calling(app, "createHooks", "twinstate/react"),
    route: routeIn(app),
    providers: app.containing("<TwinProvider").filter((path) => app.source(path) !== undefined),
    proxy: app.find(`${app.root}proxy`, `${app.root}middleware`),
  };
}

/** The file that imports a function and calls it; of tests there may be others. */
function calling(app: NextApp, name: string, from: string): string | undefined {
  return app
    .containing(`${name}`)
    .filter((path) => !/\.(test|spec)\.|(^|\/)(tests?|__tests__)\//.test(path))
    .find((path) => {
      const source = app.source(path);
      return source && importsIn(source).some((one) => one.from === from && one.names.includes(name)) && new RegExp(`\\b${name}\\s*[(<]`).test(source.text);
    });
}

function routeIn(app: NextApp): TwinFiles["route"] {
  if (app.router === undefined) return undefined;
  for (const file of app.files) {
    const path = file.startsWith(`${app.router}/`) && /^(.*)\/\[\.\.\.\w+\]\/route\.[mc]?[jt]s$/.exec(file.slice(app.router.length))?.[1];
    if (typeof path !== "string" || !/\.handlers\b/.test(app.read(file) as string)) continue;
    // Groups of routes, `(group)`, are no part of the address.
    const address = path.split("/").filter((part) => !/^\(.*\)$/.test(part));
    return { file, address: address.join("/") };
  }
  return undefined;
}

/** The name by which a module exports the provider of its hooks. */
export function providerName(app: NextApp, client: string): string | undefined {
  const text = app.read(client) ?? "";
  const source = app.source(client);
  if (!source || exported(source, "TwinProvider")) return source && "TwinProvider";
  const renamed = /\bTwinProvider\s*:\s*(\w+)/.exec(text)?.[1];
  return renamed ?? (/\bexport\b[^;]*\bTwinProvider\b/.test(text) ? "TwinProvider" : undefined);
}
