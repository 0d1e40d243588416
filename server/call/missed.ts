import type { MissedMessage } from "../../lib/wire/protocol.js";
import { permit } from "../access/permission.js";
import type { Definition } from "../definition/scope.js";
import type { Caller } from "../host/context.js";
import type { Host } from "../host/host.js";
import type { NumberedCall } from "../wire/request-input.js";

/** Gives the messages of a host that a client without a stream has missed since revision `at`. The caller may see the store that it has called. */
export async function missedBy(
  definitions: ReadonlyMap<string, Definition>,
  called: Definition,
  host: Host,
  caller: Caller,
  { at, audience, client }: NumberedCall & { readonly at: number },
): Promise<MissedMessage[]> {
  if (at >= host.revision) return [];
  const names: string[] = [];
  for (const name of host.stores) {
    const definition = definitions.get(name);
    const permitted =
      definition &&
      (definition === called ||
        (await permit(definition, host, caller).then(
          () => true,
          () => false,
        )));
    if (permitted) names.push(name);
  }
  // The frames of all its stores, as the client may show others too.
  const viewers = host.audiences.of(caller);
  const frames = audience === viewers?.name ? host.missed(at, [...names, called.name], viewers) : undefined;
  if (frames) return frames.flatMap((frame) => [...frame.ran(client, 0), frame.message(new Set(names), 0)]);
  const { revision, snapshot, ended, since } = await host.read(called.name, viewers, client);
  const end = viewers ? ([ended, since ?? 0, viewers.name] as const) : since === undefined ? ([ended] as const) : ([ended, since] as const);
  return [["snapshot", 0, called.name, host.roomKey, host.incarnation, revision, snapshot, ...end]];
}
