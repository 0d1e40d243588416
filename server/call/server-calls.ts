import { circle } from "../../lib/errors/errors.js";
import { randomId } from "../../lib/event/random-id.js";
import type { Store } from "../../lib/store/store.js";
import type { Effect } from "../../lib/wire/protocol.js";
import { decodeValue, encodeValue } from "../../lib/wire/value-codec.js";
import { definitionOf, eventOf } from "../access/access.js";
import { sessionOf } from "../access/callers.js";
import { checkArguments } from "../definition/arguments.js";
import { type Definition, hostId } from "../definition/scope.js";
import type { Caller, Turn } from "../host/context.js";
import type { Hosts } from "../host/hosts.js";
import { plainOf } from "../wire/plain-values.js";

/** Server code may pass arguments of any size. */
const UNBOUNDED = { maxDepth: Infinity, maxValues: Infinity };

/** How many objects and lists server code may pass. */
const MOST_HANDED = 1_000_000;

/** A call from server code. */
export interface ServerCall {
  readonly store: string;
  /** The room's key, the session's, user's or tab's id. */
  readonly key: string;
  readonly event: string;
  readonly args: readonly unknown[];
  readonly context: object;
  readonly session: string | undefined;
  readonly turn: Turn | undefined;
  readonly control: AbortController;
  yielded?(value: unknown): void;
}

interface Server {
  readonly definitions: ReadonlyMap<string, Definition>;
  readonly hosts: Hosts;
}

/** Takes the calls of server code to the hosts that run them. */
export class ServerCalls {
  readonly #server: Server;

  constructor(server: Server) {
    this.#server = server;
  }

  /** Calls an event from server code, which is trusted: neither `allow` nor guards are asked. */
  async run({ store, key, event: name, args, context, session, turn, control, yielded }: ServerCall): Promise<unknown> {
    const { definitions, hosts } = this.#server;
    const definition = definitionOf(definitions, store);
    const { owner, event } = eventOf(definition, { store, model: undefined, event: name });
    const caller: Caller = { context, session: sessionOf(session, turn), connection: turn?.caller.connection, turn, trusted: true };
    // A copy: what the caller does to its arguments later must not change them.
    const checked = await checkArguments(owner, event, decodeValue(encodeValue(plainOf(args, MOST_HANDED))), UNBOUNDED);
    return hosts.using(hostId(definition.kind, key), (host) =>
      host.run({
        definition,
        owner,
        event,
        on: undefined,
        args: checked,
        caller,
        control,
        eventId: randomId(),
        answer: (value) => plainOf(value),
        // They get their numbers once the commit is stored, as this host may fail without the caller's.
        ...(turn?.deliver && { effects: (effects: readonly Effect[]) => () => turn.deliver?.(effects)() }),
        ...(yielded && {
          yielded(value: unknown, _: Store) {
            const plain = plainOf(value);
            return () => yielded(plain);
          },
        }),
      }),
    );
  }

  /**
   * Notes that an event waits for the answer of another host, until the returned function is called.
   * @throws StateError when that host waits, in turn, for the event's own.
   */
  waits(turn: Turn, id: string): () => void {
    if (turn.host.turn === turn && (turn.host.id === id || this.#reaches(id, turn.host.id, new Set()))) throw circle(turn.host.id, id);
    turn.waitsFor.add(id);
    return () => void turn.waitsFor.delete(id);
  }

  #reaches(from: string, goal: string, seen: Set<string>): boolean {
    seen.add(from);
    const turn = this.#server.hosts.find(from)?.turn;
    for (const next of turn?.waitsFor ?? []) if (next === goal || (!seen.has(next) && this.#reaches(next, goal, seen))) return true;
    return false;
  }
}
