import { codeOf } from "../../lib/errors/node-errors.js";
import { callOutsideStep } from "../../lib/errors/task-errors.js";
import type { Encoded } from "../../lib/wire/codec.js";
import type { Effect, Item } from "../../lib/wire/protocol.js";
import { decodeValue, encodeValue } from "../../lib/wire/value-codec.js";
import { definitionOf, type OwnedEvent, ownedEvent } from "../access/access.js";
import { sessionOf } from "../access/callers.js";
import type { Sessions } from "../access/session.js";
import { checkArguments } from "../definition/arguments.js";
import { type Definition, hostId, labelOf } from "../definition/scope.js";
import type { Caller, ConnectionInfo, Turn } from "../host/context.js";
import { Elsewhere, elsewhere } from "../host/elsewhere.js";
import type { EventCall } from "../host/event-runner.js";
import type { Host } from "../host/host.js";
import type { Hosts } from "../host/hosts.js";
import { messageClient, onceId, SentMessages } from "../host/sent-messages.js";
import type { Nodes } from "../nodes/nodes.js";
import { randomEventId } from "../task/event-id.js";
import { pause } from "../task/pause.js";
import { errorOf, errorShapeOf, type Report } from "../wire/error-shape.js";
import { plainOf } from "../wire/plain-values.js";
import { withLastItems } from "./call-items.js";
import { Circles } from "./circles.js";
import { GivenArguments } from "./given-arguments.js";
import type { SeenInstance } from "./instance-views.js";
import type { Outcome } from "./outcome.js";

/** Server code may pass arguments of any size. */
const UNBOUNDED = { maxDepth: Infinity, maxValues: Infinity };

/** The refusals of messages that have left nothing behind. A second run that comes while the first goes on does not take them for its own. */
const undone = new WeakSet<Outcome>();

/** How often a message to another node is sent again, and how long it waits before, in ms. */
const MOST_TRIES = 12;
const PAUSE = 50;

/** A call from server code. */
export interface ServerCall {
  readonly store: string;
  /** The room's key, the session's, user's or tab's id. */
  readonly key: string;
  readonly event: string;
  readonly args: readonly unknown[];
  /** The instance whose event it is; without one it is the store's own. */
  readonly on?: SeenInstance;
  readonly context: object;
  readonly session: string | undefined;
  /** An id of the caller's own, by which the event runs once. */
  readonly once?: string | undefined;
  readonly turn: Turn | undefined;
  readonly control: AbortController;
  /** Notes that the event's turn has come. */
  began?(): void;
  yielded?(value: unknown): void;
}

/** A call of server code that came to another node. */
export interface ReceivedCall extends Pick<ServerCall, "store" | "key" | "event" | "on" | "context" | "session" | "control"> {
  readonly given: Encoded;
  readonly connection: ConnectionInfo | undefined;
  readonly id: string | undefined;
  /** The host whose event waits for the answer. */
  readonly waiting: string | null;
  began(): void;
  yielded(value: unknown): void;
  effects(effects: readonly Effect[]): void;
}

interface Server {
  readonly definitions: ReadonlyMap<string, Definition>;
  readonly hosts: Hosts;
  readonly nodes: Nodes | undefined;
  readonly report: Report;
  readonly sessions: Sessions;
}

/** A call on its way to its host. */
interface Message extends ServerCall {
  readonly definition: Definition;
  readonly owned: OwnedEvent;
  readonly given: GivenArguments;
  readonly to: string;
  /** The event that sends it, if it runs. */
  readonly sender: Turn | undefined;
  /** The id by which it is done once; `undefined` where it is never sent again. */
  readonly id: string | undefined;
}

/** Takes the calls of server code to the hosts that run them. */
export class ServerCalls {
  readonly circles: Circles;
  readonly #server: Server;

  constructor(server: Server) {
    this.#server = server;
    this.circles = new Circles(server);
  }

  /** Calls an event from server code, which is trusted: neither `allow` nor guards are asked. */
  async run(call: ServerCall): Promise<unknown> {
    const { store, key, event: name, args, on, turn } = call;
    const { definitions, hosts } = this.#server;
    const definition = definitionOf(definitions, store);
    const owned = ownedEvent(definition, { store, model: on?.model, event: name });
    const given = new GivenArguments(args);
    const to = hostId(definition.kind, key);
    if (turn?.task && turn.step === undefined && !turn.ended) throw callOutsideStep(labelOf(owned.owner, owned.event));
    const sender = turn && !turn.ended ? turn : undefined;
    const id = call.once === undefined ? sender?.messages?.next(to, [store, on?.model, on?.ref, name], given.encoded) : onceId(to, store, name, call.once);
    const over = this.#send({ ...call, definition, owned, given, to, sender, id });
    if (id !== undefined && call.once === undefined) sender?.messages?.sent(over, () => hosts.find(to)?.forget(messageClient(id)));
    return await over;
  }

  /** Runs a call that came to another node. */
  async receive({
    store,
    key,
    event: name,
    given,
    on,
    context,
    connection,
    session,
    id,
    waiting,
    control,
    began,
    yielded,
    effects,
  }: ReceivedCall): Promise<unknown> {
    const definition = definitionOf(this.#server.definitions, store);
    const { owner, event } = ownedEvent(definition, { store, model: on?.model, event: name });
    const args = await checkArguments(owner, event, decodeValue(given), UNBOUNDED);
    const caller: Caller = { context, session: sessionOf(session, undefined), connection, trusted: true };
    const steps = { began, effects: (list: readonly Effect[]) => () => effects(list), yielded: (value: unknown) => yieldedBy(yielded, value) };
    const eventId = id ?? randomEventId();
    const what = { definition, owner, event, on: on?.ref, ...(on && { life: on.life }), args, caller, control, eventId, ...steps, answer: plainAnswer };
    return this.#server.hosts.using(hostId(definition.kind, key), async (host) => {
      if (waiting !== null) await this.circles.arrives(host.id, waiting);
      return this.#runAt(host, id, what);
    });
  }

  #runAt(host: Host, id: string | undefined, what: EventCall<unknown>): Promise<unknown> {
    return id === undefined ? host.run(what) : this.#once(host, id, what);
  }

  /** Has another node run a call. One that has an id is asked again where the answer was lost: it may be here then, or elsewhere. */
  async #pass(to: Elsewhere, message: Message, tries = 0): Promise<unknown> {
    const { nodes } = this.#server;
    if (!nodes) throw to;
    const { store, key, event, given, on, session, id, context, turn, sender, control, began, yielded } = message;
    const waiting = sender && sender.host.turn === sender && sender.waitsFor.has(message.to) ? sender.host.id : null;
    if (sender) (sender.passedTo ??= new Map()).set(message.to, to.node);
    const sent = { store, key, event, given: given.encoded, on, session, id, waiting, ...nodes.work.callerOf(turn?.caller, context) };
    const effects = (list: readonly Effect[]) => turn?.deliver?.(list)();
    try {
      return await nodes.work.call(to.node, sent, { signal: control.signal, ...(began && { began }), ...(yielded && { yielded }), effects });
    } catch (error) {
      // One without an id may have run.
      if (id === undefined || tries >= MOST_TRIES || codeOf(error) !== "UNAVAILABLE") throw error;
      await pause(PAUSE * (tries + 1));
      return this.#send(message, tries + 1);
    }
  }

  async #send(message: Message, tries = 0): Promise<unknown> {
    const { definition, owned, given, to, sender, id, on, context, session, turn, control, began, yielded } = message;
    const { owner, event } = owned;
    const caller: Caller = { context, session: sessionOf(session, turn), connection: turn?.caller.connection, turn, trusted: true };
    const args = await checkArguments(owner, event, given.copy(), UNBOUNDED);
    if (sender) await this.#mayLeave(sender, id);
    const what: EventCall<unknown> = {
      definition,
      owner,
      event,
      on: on?.ref,
      life: on?.life,
      args,
      caller,
      control,
      eventId: id ?? randomEventId(),
      began,
      // They get their numbers once the commit is stored, as this host may fail without the caller's.
      effects: turn?.deliver && ((effects) => () => turn.deliver?.(effects)()),
      yielded: yielded && ((value) => yieldedBy(yielded, value)),
      answer: plainAnswer,
    };
    const { hosts } = this.#server;
    const host = await hosts.use(to).catch(elsewhere);
    if (host instanceof Elsewhere) return this.#pass(host, message, tries);
    try {
      return await this.#runAt(host, id, what);
    } finally {
      hosts.release(host);
    }
  }

  /**
   * Waits until a message may leave: what its event has seen is stored then, so that nobody is told of what a kill may undo. `message`: the event has the same
   * id when it runs again.
   */
  async #mayLeave({ host: { commits, world } }: Turn, message: string | undefined): Promise<void> {
    if (!world.storage.durable) return;
    if (message !== undefined) commits.begin();
    await commits.settled();
  }

  /** Runs the event of a message once, or gives the answer and the effects that it had the first time. Its yields come the first time only. */
  async #once(host: Host, id: string, what: EventCall<unknown>): Promise<unknown> {
    const { report, sessions } = this.#server;
    const client = messageClient(id);
    const { effects: deliver } = what;
    const effects: Item[] = [];
    /** An event that runs again has the effects of its messages again, under the same numbers. */
    const withEffects = (outcome: Outcome): Outcome => (effects.length > 0 ? { ...outcome, o: [1, ...effects] } : outcome);
    let first: { readonly value: unknown } | { readonly error: unknown; readonly stored: boolean } | undefined;
    const run = () =>
      host.run<Outcome>({
        ...what,
        numbered: { client, n: 1, confirmed: 0, at: Date.now() },
        messages: new SentMessages(id),
        newId: sessions.ids(id),
        ...(deliver && {
          effects(list) {
            for (const effect of list) effects.push(["effect", ...effect]);
            return deliver(list);
          },
        }),
        stored: withLastItems,
        answer(value, _, r) {
          const plain = plainOf(value);
          first = { value: plain };
          return withEffects(answerOf(plain, r) ?? (host.world.lost(r, 1) as Outcome));
        },
        refuse(error, stored) {
          first = { error, stored };
          // The caller gets the error as it is. What is kept of it is for a second run, and then the log has it.
          const outcome = withEffects({ r: host.revision, error: errorShapeOf(error, stored ? report : () => {}) });
          if (!stored) undone.add(outcome);
          return outcome;
        },
      });
    const outcome = await host.eventNumbers.enter<Outcome>(client, 1, 0, false, run);
    if (!first) {
      if (undone.has(outcome)) return this.#once(host, id, what);
      const [, ...again] = outcome.o ?? [];
      deliver?.(again.flatMap((item) => (item[0] === "effect" ? [[item[1], item[2]] as const] : [])))();
      if (outcome.error) throw errorOf(outcome.error);
      return decodeValue(outcome.v);
    }
    if ("value" in first) return first.value;
    // It has left nothing behind, so that a second run may ask for it again.
    if (!first.stored) host.eventNumbers.drop(client);
    throw first.error;
  }
}

const plainAnswer = (value: unknown): unknown => plainOf(value);

/** Gives on a yielded value, once its commit is stored. */
function yieldedBy(take: (value: unknown) => void, value: unknown): () => void {
  const plain = plainOf(value);
  return () => take(plain);
}

/** The answer to a message, as it is stored; `undefined` where it is no data. */
function answerOf(plain: unknown, r: number): Outcome | undefined {
  try {
    return { r, v: encodeValue(plain) };
  } catch {
    return undefined;
  }
}
