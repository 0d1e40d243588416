import { InstanceNode } from "../../lib/graph/instance.js";
import { copyInto, emptyOf, plainKindOf } from "../../lib/graph/plain.js";
import { createSnapshotMirror } from "../../lib/mirror/snapshot-mirror.js";
import { viewOf } from "../../lib/view/view.js";
import type { InstanceRef } from "../../lib/wire/protocol.js";
import { definitionOf } from "../access/access.js";
import type { Admission } from "../access/admission.js";
import type { Callers, TwinRequest } from "../access/callers.js";
import type { Clients } from "../access/clients.js";
import { locateGuarded, permit } from "../access/permission.js";
import type { Bounds } from "../access/session-limits.js";
import type { Definition } from "../definition/scope.js";
import { Elsewhere, elsewhere, whereverItIs } from "../host/elsewhere.js";
import type { Hosts } from "../host/hosts.js";
import type { Nodes } from "../nodes/nodes.js";
import { jsonOf } from "../wire/plain-values.js";

interface Server {
  readonly definitions: ReadonlyMap<string, Definition>;
  readonly limits: Bounds;
  readonly callers: Callers;
  readonly clients: Clients;
  readonly hosts: Hosts;
  readonly admission: Admission;
  readonly nodes: Nodes | undefined;
}

/** Effects of guards act in browsers alone. */
const DROP = () => {};

/** Reads stores for clients without a twin, as JSON. It reads the snapshots that twins get, so nobody sees more than by a twin. */
export class StateReader {
  readonly #server: Server;

  constructor(server: Server) {
    this.#server = server;
  }

  /**
   * Gives the committed state of a store as the caller may see it. An object that has events has the property `$on`, by which calls name it.
   * @throws EventError as a call is refused
   */
  read(request: TwinRequest, store: string, key: string | undefined): Promise<unknown> {
    return whereverItIs(() => this.#read(request, store, key));
  }

  async #read(request: TwinRequest, store: string, key: string | undefined): Promise<unknown> {
    const { admission, callers, clients, definitions, hosts, limits, nodes } = this.#server;
    const definition = definitionOf(definitions, store);
    callers.admit(request);
    const caller = await callers.of(request, request.client === undefined ? undefined : clients.bind(request.client, request));
    const host = await hosts.use(await locateGuarded(definition, caller, key, DROP)).catch(elsewhere);
    if (host instanceof Elsewhere) return nodes ? nodes.work.read(host.node, request, store, key) : Promise.reject(host);
    try {
      await permit(definition, host, caller);
      const viewers = host.audiences.of(caller);
      await host.settled(store, viewers, limits.preloadTimeout);
      const { revision, snapshot, volatile, audience } = await host.read(store, viewers);
      const mirror = createSnapshotMirror({ name: store });
      mirror.applySnapshot(snapshot, true, volatile);
      const refs = new Map<object, InstanceRef>();
      mirror.apply("the objects of a store", undefined, ({ table }) => {
        for (const node of table.flat())
          if (node instanceof InstanceNode && definition.models.has(node.className ?? ""))
            refs.set(
              viewOf(node) as object,
              [host.incarnation, revision, node.id as number, ...(audience === undefined ? [] : [audience])] as unknown as InstanceRef,
            );
      });
      return jsonOf(named(mirror.view(), refs));
    } finally {
      admission.leave(host);
    }
  }
}

/** Gives a copy of a view in which objects say by which name their events are called. */
function named(view: object, refs: ReadonlyMap<object, InstanceRef>): object {
  if (refs.size === 0) return view;
  const copies = new Map<object, object>();
  const queue: object[] = [];
  const copyOf = (part: unknown): unknown => {
    if (typeof part !== "object" || part === null) return part;
    const kind = plainKindOf(part);
    if (kind === "object" && ![Object.prototype, null].includes(Object.getPrototypeOf(part))) return part;
    let copy = copies.get(part);
    if (!copy) {
      copy = emptyOf(kind);
      copies.set(part, copy);
      queue.push(part);
    }
    return copy;
  };
  const result = copyOf(view) as object;
  for (const part of queue) {
    const copy = copies.get(part) as { $on?: InstanceRef };
    copyInto(copy, part, copyOf);
    const ref = refs.get(part);
    if (ref) copy.$on = ref;
  }
  return result;
}
