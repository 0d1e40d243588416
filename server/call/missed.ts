import type { MissedMessage } from "../../lib/wire/protocol.js";
import type { Audience, Moment, OwnFeed, ShownVolatile } from "../stream/feed.js";
import { volatileMessage } from "../stream/state-messages.js";
import type { NumberedCall } from "../wire/request-input.js";

/** A client that has called a store. */
export interface MissingClient {
  readonly called: string;
  /** The stores that it may see, of those that are loaded: all of them, as the client may show others than the one that it has called. */
  readonly stores: readonly string[];
  readonly audience: Audience | undefined;
}

/** Gives the messages of a feed that a client without a stream has missed since revision `at`. It may see the store that it has called. */
export async function missedBy(
  feed: OwnFeed,
  { called, stores, audience }: MissingClient,
  { at, audience: had, client }: NumberedCall & { readonly at: number },
): Promise<MissedMessage[]> {
  const names = [...stores, called];
  const [now, shown] = await volatileOf(feed, new Set(names), audience, client);
  const volatile = shown.map(([store, snapshot]) => volatileMessage(feed, 0, now, store, snapshot, audience));
  if (at >= now.revision) return volatile;
  const frames = had === audience?.name ? feed.missed(at, names, audience) : undefined;
  // Later frames have ticks of their own, which an answer cannot bring.
  const missed = frames?.filter(({ revision }) => revision <= now.revision);
  if (missed) return [...volatile, ...missed.flatMap((frame) => [...frame.ran(client, 0), frame.message(new Set(stores), 0)])];
  const { revision, tick, snapshot, ended = 0, since, volatile: whole } = await feed.read(called, audience, client);
  const end = audience ? ([ended, since ?? 0, audience.name] as const) : since === undefined ? ([ended] as const) : ([ended, since] as const);
  const own = whole ? [volatileMessage(feed, 0, { revision, tick, ended }, called, whole, audience)] : [];
  return [...own, ["snapshot", 0, called, feed.roomKey, feed.incarnation, revision, snapshot, ...end]];
}

/** The volatile state of stores, once all is stored that it may tell of. Rejects where it cannot be stored: the host is over then. */
function volatileOf(feed: OwnFeed, stores: ReadonlySet<string>, audience: Audience | undefined, client: string) {
  return new Promise<[Moment, readonly ShownVolatile[]]>((resolve, reject) => {
    feed.showVolatile(stores, audience, client, (...all) => resolve(all));
    feed.commits.settled().catch(reject);
  });
}
