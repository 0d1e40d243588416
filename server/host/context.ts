import { AsyncLocalStorage } from "node:async_hooks";
import { guardEffect, nestedUpdate, noConnection } from "../../lib/errors/call-errors.js";
import { outsideCurrent } from "../../lib/errors/errors.js";
import { type EffectTarget, type Provider, setProvider } from "../../lib/event/current.js";
import { AnswerWriter } from "../../lib/store/answer-writer.js";
import type { Encoded } from "../../lib/wire/codec.js";
import type { Effect } from "../../lib/wire/protocol.js";
import { encodeValue } from "../../lib/wire/value-codec.js";
import type { TaskRun } from "../durable/task-run.js";
import { askTasks } from "../durable/task-verbs.js";
import { plainOf, silence } from "../wire/plain-values.js";
import type { Cancellation } from "./cancellation.js";
import { sentArguments } from "./effect-arguments.js";
import type { Host } from "./host.js";
import type { OutgoingCalls } from "./outgoing-calls.js";
import type { Revalidating } from "./revalidation.js";
import type { SentMessages } from "./sent-messages.js";

/** The caller: an end user through a request, or server code. */
export interface Caller {
  /** The app's own context. */
  readonly context: object;
  readonly session: CallerSession | undefined;
  readonly connection: ConnectionInfo | undefined;
  /** The event from which server code called. */
  readonly turn?: Turn | undefined;
  /** Server code is trusted: `allow` and guards are not asked. */
  readonly trusted: boolean;
}

/** The caller of hooks that no client has caused. */
export const SERVER: Caller = { context: {}, session: undefined, connection: undefined, trusted: true };

/** A session, as events see it. */
interface CallerSession {
  readonly id: string;
  rotate(): Promise<void>;
}

/** A tab, as hooks and events see it. `id` stays the same while the tab is open, and is the key of its `tab` stores. */
export interface ConnectionInfo {
  readonly id: string;
  readonly since: Date;
}

/** An effect that an event has called, and whom it is for. */
export interface CalledEffect {
  readonly effect: Effect;
  /** The caller, if undefined; or a tab, by the id of its connection. */
  readonly target: "everyone" | { readonly connection: string } | undefined;
}

/** Takes effects while their commit is made. The returned function sends them, once it is stored. */
export type Deliver = (effects: readonly Effect[]) => () => void;

/** What runs: an event or a hook, which has a turn, or a guard. */
export interface Running {
  /** Missing where a guard runs outside of turns. */
  readonly host?: Host;
  /** The value of `current()`. */
  readonly current: object;
  effects: CalledEffect[];
  /** Arguments of effects that are still read, as a Blob's bytes are. */
  reading?: Promise<unknown>;
  /** A guard runs: its effects are for the caller alone. */
  guard: boolean;
}

/** The right to change the stores of a host: what runs as one event, or one hook. */
export interface Turn extends Running {
  readonly host: Host;
  /** The name of the event or hook: `todo.add`. */
  readonly label: string;
  readonly caller: Caller;
  /** Cancels the event. Its signal is `current().signal`, which notes that the event has read it. */
  readonly control: AbortController;
  /** The event has ended well: what it has started may go on. */
  done: boolean;
  /** When it began: ms since 1970. */
  readonly at: number;
  /** Writes are accepted now. */
  open: boolean;
  /** The reason, once writes are refused for good. */
  readonly ended: Error | undefined;
  /** The event is over: what it writes later is refused, for the first reason that was given. */
  end(why: () => Error): void;
  /** The hosts whose answers it waits for. */
  readonly waitsFor: Set<string>;
  /** The nodes to which it has passed calls on, by the hosts that they are for. */
  passedTo?: Map<string, string>;
  /** The calls that it has made to other hosts, once it has made one. */
  outgoing?: OutgoingCalls;
  /** Its messages to other scope instances, where it may run again. */
  readonly messages?: SentMessages;
  /** Gives the next id of the event, where its caller expects the same. */
  newId?: (() => string) | undefined;
  /** The run of a durable event that it is. */
  task?: TaskRun;
  /** The step of it that runs here. */
  readonly step?: string;
  /** Notes what a durable event keeps of the change that is about to be committed. */
  kept?: (() => void) | undefined;
  /** Takes the effects of a commit for the caller's browser. The returned function sends them, once the commit is stored. */
  readonly deliver?: Deliver;
  /** The tick that has what it has changed of the volatile state, if its caller may wait for that. */
  tick?: number | undefined;
  /** Decides what an event beside the queue may still do when it is cancelled. */
  cancellation?: Cancellation;
  /** The instance whose event runs, if its tags to revalidate are found by it. */
  subject?: object;
  /** What the event of a task has revalidated with its commits, which are made for no call. */
  revalidates?: Revalidating;
  /** Changes state for a moment, from an event that runs beside the queue. */
  update?(change: () => unknown): Promise<unknown>;
}

// Next loads this module several times in one process, and the provider of `current()` is one for all: so is what it asks.
const TURN = Symbol.for("twinstate.turn");
const shared = globalThis as unknown as { [TURN]?: AsyncLocalStorage<Running> };

const running = () => {
  if (!shared[TURN]) {
    shared[TURN] = new AsyncLocalStorage<Running>();
    setProvider(provider);
  }
  return shared[TURN];
};

/** The event that is running here. */
export function currentTurn(): Turn | undefined {
  const now = running().getStore();
  return now?.host ? (now as Turn) : undefined;
}

/** Runs code as part of an event, or of a guard. */
export const runIn = <R>(what: Running, run: () => R): R => running().run(what, run);

/** Runs code outside of every event. */
export const runApart = <R>(run: () => R): R => running().run(undefined as never, run);

/** Keeps the place of an effect whose arguments are still read. The commit waits for them; an effect that cannot be read fails it, and does not take place. */
function readEffect(turn: Running, name: string, reading: Promise<readonly unknown[]>, target: CalledEffect["target"]): void {
  const effect: [name: string, args: Encoded] = [name, encodeValue([])];
  const called = { effect, target };
  turn.effects.push(called);
  const read = reading.then(
    (args) => {
      effect[1] = encodeValue(args);
    },
    (error) => {
      turn.effects = turn.effects.filter((other) => other !== called);
      throw error;
    },
  );
  turn.reading = Promise.all([turn.reading, read]);
  // An event that fails before its commit awaits it nowhere.
  turn.reading.catch(() => {});
}

/** Waits until the arguments of all effects are read. */
export async function effectsRead(turn: Running): Promise<void> {
  const { reading } = turn;
  delete turn.reading;
  await reading;
}

/** @throws StateError where `effect.to()` was given neither a connection nor the id of one */
function targetOf(given: EffectTarget): CalledEffect["target"] {
  if (given === undefined || given === "everyone") return given;
  const { connection } = given;
  const id = typeof connection === "string" ? connection : (connection as { id?: unknown } | undefined | null)?.id;
  if (typeof id !== "string") throw noConnection(connection);
  return { connection: id };
}

const provider: Provider = {
  current: () => running().getStore()?.current as ReturnType<Provider["current"]>,
  update<R>(change: () => R): Promise<R> {
    const turn = currentTurn();
    // A rejection would be heard by nobody: the change around it is synchronous.
    if (turn?.update && turn.open) throw nestedUpdate();
    return new Promise((resolve) => resolve(turn?.update ? (turn.update(change) as Promise<R>) : change()));
  },
  effect(name, args, given) {
    const now = running().getStore();
    // The caller gets an error: nobody awaits a promise among the arguments.
    if (!now) {
      silence(args);
      return false;
    }
    if (now.guard && given !== undefined) throw guardEffect(name, given === "everyone" ? "everyone" : "to(…)");
    const target = targetOf(given);
    const sent = sentArguments(name, args);
    if (sent instanceof Promise) readEffect(now, name, sent, target);
    else now.effects.push({ effect: [name, encodeValue(plainOf(sent), new AnswerWriter())], target });
    return true;
  },
  newId: () => currentTurn()?.newId?.(),
  task(verb, args) {
    const turn = currentTurn();
    if (!turn) throw outsideCurrent(`${verb}()`);
    return askTasks(turn, verb, args);
  },
  schedule(request) {
    const turn = currentTurn();
    if (!turn) throw outsideCurrent(`schedule.${request.how}()`);
    turn.host.schedule(turn, request);
  },
  construct(make) {
    const turn = currentTurn();
    if (!turn?.open) return make();
    turn.open = false;
    try {
      return make();
    } finally {
      turn.open = true;
    }
  },
};
