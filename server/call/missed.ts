import type { MissedMessage, VolatileMessage } from "../../lib/wire/protocol.js";
import { permit } from "../access/permission.js";
import type { Definition } from "../definition/scope.js";
import type { HostViewers } from "../host/audiences.js";
import type { Caller } from "../host/context.js";
import type { Host } from "../host/host.js";
import { volatileMessage } from "../stream/state-messages.js";
import type { NumberedCall } from "../wire/request-input.js";

/** Gives the messages of a host that a client without a stream has missed since revision `at`. The caller may see the store that it has called. */
export async function missedBy(
  definitions: ReadonlyMap<string, Definition>,
  called: Definition,
  host: Host,
  caller: Caller,
  { at, audience, client }: NumberedCall & { readonly at: number },
): Promise<MissedMessage[]> {
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
  // What all its stores have missed, as the client may show others too.
  const viewers = host.audiences.of(caller);
  const { revision: last, messages: volatile } = await volatileOf(host, [...names, called.name], viewers, client);
  if (at >= last) return volatile;
  const frames = audience === viewers?.name ? host.missed(at, [...names, called.name], viewers) : undefined;
  // Later frames have ticks of their own, which an answer cannot bring.
  const missed = frames?.filter(({ revision }) => revision <= last);
  if (missed) return [...volatile, ...missed.flatMap((frame) => [...frame.ran(client, 0), frame.message(new Set(names), 0)])];
  const { revision, tick, snapshot, ended = 0, since, volatile: whole } = await host.read(called.name, viewers, client);
  const end = viewers ? ([ended, since ?? 0, viewers.name] as const) : since === undefined ? ([ended] as const) : ([ended, since] as const);
  const own = whole ? [volatileMessage(host, 0, { revision, tick }, called.name, whole, ended, viewers)] : [];
  return [...own, ["snapshot", 0, called.name, host.roomKey, host.incarnation, revision, snapshot, ...end]];
}

/** The volatile state of stores, once all is stored that it may tell of. */
async function volatileOf(
  host: Host,
  stores: readonly string[],
  viewers: HostViewers | undefined,
  client: string,
): Promise<{ revision: number; messages: VolatileMessage[] }> {
  const ended = host.eventNumbers.ended(client);
  const shown = host.watchers.volatile(new Set(stores), viewers);
  const moment = { revision: host.commits.revision, tick: host.ticks.number };
  await host.commits.settled();
  const messages = shown.map(([store, snapshot]) => volatileMessage(host, 0, moment, store, snapshot, ended, viewers));
  return { revision: moment.revision, messages };
}
