import type { TwinFiles } from "../app/twin-files.js";
import { UNFINISHED } from "../source/whole-files.js";
import type { InitPlan } from "./plan.js";

const STORE = `import { event, state } from "twinstate";

export class Counter {
  @state count = 0;

  @event add(by: number) {
    this.count += by;
  }
}
`;

const SERVER = `import { createTwin, scope } from "twinstate/server";
import { sqlite } from "twinstate/server/sqlite";
import { Counter } from "./counter";

export const twin = createTwin({
  stores: { counter: scope.shared(Counter) }, // one for everybody; a bare class: one for each visitor
  storage: sqlite(process.env.TWIN_FILE ?? "twin.db"),
});
export type Twin = typeof twin;
`;

const CLIENT = `"use client";
import { createHooks } from "twinstate/react";
import type { Twin } from "./server"; // a type only: no server code reaches the browser

export const { TwinProvider, TwinPreload, useCounter } = createHooks<Twin>();
`;

const route = (server: string) => `import { twin } from "${server}";

export const { GET, POST } = twin.handlers;
`;

/** Whether a file in the folder of the twin is as it would be written, or was about to be. */
const isOurs = (text: string | undefined, name: string) =>
  UNFINISHED.test(name) || text === { "counter.ts": STORE, "client.ts": CLIENT, "server.ts": SERVER }[name];

/** The modules of the twin, as they will be. */
export interface Modules {
  readonly server: string;
  readonly client: string;
}

/** Adds the first store, the twin, its hooks and its route, where the app has none. Gives where they are. */
export function addModules(plan: InitPlan, found: TwinFiles): Modules {
  const { app } = plan;
  // What the app has already is its own, unless an `init` that was killed has left it.
  const names = ["state", "twin", "twinstate"].map((name) => app.root + name);
  const free = names.find((name) => !app.has(name) || (app.isFolder(name) && app.entries(name).every((entry) => isOurs(app.read(`${name}/${entry}`), entry))));
  const folder = found.server ? found.server.replace(/\/?[^/]*$/, "") : (free ?? `${app.root}state`);
  const at = (name: string) => (folder === "" ? name : `${folder}/${name}`);
  const server = found.server ?? at("server.ts");
  if (!found.server) addFile(plan, at("counter.ts"), STORE);
  const hooks = found.client ?? at("client.ts");
  if (!found.client) {
    if (found.server) plan.byHand.push(hooksByHand(app.tsconfig.specifier(hooks, server), hooks));
    else addFile(plan, hooks, CLIENT);
  }
  // After its store and its hooks: an app that has a twin is taken to have them.
  if (!found.server) addFile(plan, server, SERVER);
  if (!found.route)
    addFile(plan, `${app.router}/api/twin/[...path]/route.ts`, route(app.tsconfig.specifier(`${app.router}/api/twin/[...path]/route.ts`, server)));
  return { server, client: hooks };
}

function addFile(plan: InitPlan, path: string, text: string): void {
  const there = plan.app.read(path);
  if (there === undefined || there === text) plan.write(path, text);
  else plan.byHand.push({ where: path, why: "there is such a file, with something else in it. It needs, there or elsewhere:", lines: text });
}

const hooksByHand = (server: string, where: string) => ({
  where,
  why: "the app has a twin, and no hooks for its stores. Make them, with a `use…` for each store:",
  lines: `"use client";
import { createHooks } from "twinstate/react";
import type { Twin } from "${server}"; // export type Twin = typeof twin;

export const { TwinProvider, TwinPreload } = createHooks<Twin>();`,
});
