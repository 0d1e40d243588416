import { randomUUID } from "node:crypto";
import type { Models, Stores, TwinOptions } from "twinstate/server";
import type { Client } from "../../client/client.js";
import { lasting } from "../../testing/lasting.js";
import type { SharedStorage } from "../../testing/shared-storage.js";
import { type App, serveTwin } from "./app.js";
import { openClient } from "./client.js";
import { Jar } from "./http.js";

/** Three nodes of one app, each served over HTTP until the test ends. */
export interface Cluster<S extends Stores, M extends Models> {
  readonly shared: SharedStorage;
  readonly nodes: readonly [App<S, M>, App<S, M>, App<S, M>];
  /** A client whose requests go to the nodes by turns, or as `next` says. */
  client(next?: (path: string, turn: number) => number, jar?: Jar): Client;
}

export async function serveNodes<S extends Stores, M extends Models = {}>(
  options: Omit<TwinOptions<S, M>, "storage" | "name">,
  shared = lasting({ nodes: true }),
): Promise<Cluster<S, M>> {
  const nodes: App<S, M>[] = [];
  for (const node of ["a", "b", "c"])
    nodes.push(await serveTwin<S, M>({ leaseTime: 60_000, ...options, storage: shared.node(node), name: randomUUID() } as TwinOptions<S, M>));
  const [first] = nodes as [App<S, M>, App<S, M>, App<S, M>];
  return {
    shared,
    nodes: nodes as [App<S, M>, App<S, M>, App<S, M>],
    client(next = (_, turn) => turn % nodes.length, jar = new Jar()) {
      let turn = 0;
      const fetch = (input: string | URL | Request, init?: RequestInit) => {
        const url = String(input);
        const node = nodes[next(url.slice(first.site.url.length + 1), turn++)] as App<S, M>;
        return jar.fetch(url.replace(first.site.url, node.site.url), init);
      };
      return openClient(first.site.url, { line: { fetch: fetch as typeof globalThis.fetch, openSocket: jar.openSocket }, transport: "sse" });
    },
  };
}
