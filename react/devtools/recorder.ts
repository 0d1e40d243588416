import type { ClientCall } from "../../client/client-call.js";
import type { Inspection, News } from "../../client/inspection.js";
import type { LiveTwin } from "../../client/twin.js";
import type { EventError } from "../../lib/errors/errors.js";
import type { InstanceNode } from "../../lib/graph/instance.js";
import { Signal } from "../../lib/graph/signal.js";
import type { Prediction } from "../../lib/predict/predictions.js";
import { commitsOf, type FrameCommit } from "../../lib/wire/frame-commits.js";
import { type FrameTick, isFrame, type StateMessage } from "../../lib/wire/protocol.js";
import { decodeValue, encodeValue } from "../../lib/wire/value-codec.js";

/** A call of an event. Times are those of `performance.now()`. */
export interface CallRecord {
  readonly id: number;
  readonly twin: LiveTwin;
  /** `add`, or `Item.toggle` of an instance. */
  readonly event: string;
  /** The instance whose event it is. */
  readonly target: InstanceNode;
  /** The arguments that were sent. */
  readonly args: readonly unknown[];
  /** The call's number, once it has one. */
  n?: number;
  readonly called: number;
  /** When the call was sent first. */
  sent?: number;
  attempts: number;
  answered?: number;
  /** When the call settled: its twin shows the change. */
  settled?: number;
  value?: unknown;
  error?: EventError;
  /** The revision that shows the call's changes, until its frame is found. */
  revision?: number;
  /** The size of its changes on the wire. */
  bytes?: number;
}

/** A call that is shown before its answer. */
export interface PredictionRecord {
  readonly id: number;
  readonly twin: LiveTwin;
  readonly event: string;
  readonly args: readonly unknown[];
  readonly since: Date;
  readonly prediction: Prediction;
}

/** A message of the stream. */
export interface MessageRecord {
  readonly id: number;
  readonly time: Date;
  readonly name: string;
  /** The names of its stores. */
  readonly stores: readonly string[];
  readonly revision: number | undefined;
  /** The tick of the volatile state that it brings. */
  readonly tick: number | undefined;
  readonly bytes: number;
  /** How long applying it and notifying all readers took, in ms. */
  readonly ms: number;
}

interface Frame {
  readonly twins: readonly LiveTwin[];
  readonly revision: number;
  readonly bytes: number;
  /** When the frame arrived. */
  readonly time: number;
}

/** The limit of recorded calls, and of recorded messages. */
const KEPT = 200;

/** Records what a client does while the devtools are open. */
export class DevtoolsRecorder {
  readonly inspection: Inspection;
  calls: readonly CallRecord[] = [];
  messages: readonly MessageRecord[] = [];
  /** The predictions of calls without an answer. */
  readonly predictions = new Map<ClientCall, PredictionRecord>();
  /** Frames that no call has claimed. */
  #frames: Frame[] = [];
  readonly #byCall = new WeakMap<ClientCall, CallRecord>();
  readonly #received = new WeakMap<LiveTwin, number>();
  readonly #changes = new Signal();
  readonly subscribe = this.#changes.subscribe;
  /** Grows with each recorded change. */
  version = 0;
  #ids = 0;
  #scheduled = false;

  constructor(inspection: Inspection) {
    this.inspection = inspection;
  }

  /** Records until the returned function is called. */
  start(): () => void {
    const { news, status, network } = this.inspection;
    const stops = [news.subscribe((one) => this.#take(one)), status.subscribe(() => this.#changed()), network?.subscribe(() => this.#changed())];
    return () => {
      for (const stop of stops) stop?.();
    };
  }

  /** How many bytes the stream has brought for a twin. */
  received(twin: LiveTwin): number {
    return this.#received.get(twin) ?? 0;
  }

  clear(): void {
    this.calls = [];
    this.messages = [];
    this.#changed();
  }

  #take(news: News): void {
    switch (news.what) {
      case "twins":
        break;
      case "called":
        this.#called(news);
        break;
      case "predicted":
        this.#predicted(news);
        break;
      case "sent": {
        const record = this.#byCall.get(news.call);
        if (!record) return;
        record.n = news.n;
        record.sent ??= performance.now();
        record.attempts++;
        break;
      }
      case "answered": {
        const record = this.#byCall.get(news.call);
        if (!record) return;
        record.answered = performance.now();
        record.revision = news.answer.r;
        for (const message of news.answer.f ?? []) this.#message(message, [record.twin], 0);
        this.#claim(record);
        break;
      }
      case "message":
        this.#message(news.message, news.twins, news.ms);
        break;
      default:
        news satisfies never;
    }
    this.#changed();
  }

  #called({ call, twin, event, target, args }: Extract<News, { what: "called" }>): void {
    const record: CallRecord = { id: this.#ids++, twin, event, target, args: copyOf(args), called: performance.now(), attempts: 0 };
    this.#byCall.set(call, record);
    this.calls = [...this.calls.slice(1 - KEPT), record];
    const settle = (end: Partial<CallRecord>) => {
      Object.assign(record, end, { settled: performance.now() });
      this.#changed();
    };
    ended(
      call,
      (value) => settle({ value }),
      (error) => settle({ error }),
    );
  }

  #predicted({ call, twin, event, args, prediction }: Extract<News, { what: "predicted" }>): void {
    if (this.predictions.has(call)) return;
    this.predictions.set(call, { id: this.#ids++, twin, event, args: copyOf(args), since: new Date(), prediction });
    const over = () => {
      this.predictions.delete(call);
      this.#changed();
    };
    ended(call, over, over);
  }

  #message(message: StateMessage, twins: readonly LiveTwin[], ms: number): void {
    const commits = isFrame(message) ? commitsOf(message) : undefined;
    const { name, revision } = commits ? { name: "frame", revision: commits.at(-1)?.revision } : { name: message[0] as string, revision: revisionOf(message) };
    const stores = commits ? this.#frame(commits, bytesOf(message), twins) : this.#storesOf(message, twins);
    if (message[0] === "snapshot") {
      const [, , store, key, , , snapshot] = message;
      const twin = [...this.inspection.twins.values()].find((one) => one.store === store && one.key === key);
      if (twin) this.#receive(twin, snapshot);
    }
    const tick = commits ? commits.findLast((commit) => commit.tick)?.tick?.[0] : tickOf(message);
    const record: MessageRecord = { id: this.#ids++, time: new Date(), name, stores, revision, tick, bytes: bytesOf(message), ms };
    this.messages = [...this.messages.slice(1 - KEPT), record];
  }

  /** Takes the commits of a frame, and gives the names of its stores. */
  #frame(commits: readonly FrameCommit[], bytes: number, twins: readonly LiveTwin[]): string[] {
    const stores = new Set<string>();
    for (const { revision, deltas, tick } of commits) {
      for (const name of this.#deltas([...deltas, ...(tick ? deltasIn(tick) : [])], twins)) stores.add(name);
      if (deltas.length === 0) continue;
      const frame = { twins, revision, bytes: commits.length === 1 ? bytes : bytesOf(deltas), time: performance.now() };
      this.#frames = [...this.#frames.slice(1 - KEPT), frame];
    }
    for (const record of this.calls) this.#claim(record);
    return [...stores];
  }

  /** Takes the deltas of stores, and gives the names of these. */
  #deltas(deltas: readonly (readonly [store: string, delta: unknown])[], twins: readonly LiveTwin[]): string[] {
    return deltas.map(([store, delta]) => {
      const twin = twins.find((one) => one.store === store);
      if (twin) this.#receive(twin, delta);
      return twin ? nameOf(twin) : store;
    });
  }

  /** The names of the stores that a message other than a frame is for. */
  #storesOf(message: StateMessage, twins: readonly LiveTwin[]): string[] {
    if (message[0] === "tick") return this.#deltas(deltasIn(message.slice(2) as unknown as FrameTick), twins);
    return message[0] === "volatile" ? this.#deltas([[message[3], message[4]]], twins) : storesOf(message).map(nameOf);
  }

  #receive(twin: LiveTwin, data: unknown): void {
    this.#received.set(twin, this.received(twin) + bytesOf(data));
  }

  /** The frame that brought what a call has changed. One that has changed nothing is answered with an earlier revision, whose frame came before it was sent. */
  #claim(record: CallRecord): void {
    const { revision, twin, sent } = record;
    if (revision === undefined || record.bytes !== undefined) return;
    const frame = this.#frames.find((one) => one.revision === revision && one.twins.includes(twin) && one.time >= (sent as number));
    if (!frame) return;
    record.bytes = frame.bytes;
    this.#frames = this.#frames.filter((one) => one !== frame);
  }

  /** Tells at most once in each frame that is painted. */
  #changed(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    requestAnimationFrame(() => {
      this.#scheduled = false;
      this.version++;
      this.#changes.tell();
    });
  }
}

const recorders = /* @__PURE__ */ new WeakMap<Inspection, DevtoolsRecorder>();

/** The same one, as React mounts components again. */
export function recorderOf(inspection: Inspection): DevtoolsRecorder {
  let recorder = recorders.get(inspection);
  if (!recorder) {
    recorder = new DevtoolsRecorder(inspection);
    recorders.set(inspection, recorder);
  }
  return recorder;
}

/** A store, with its room's key. */
export const nameOf = ({ store, key }: { readonly store: string; readonly key: string | null }): string => (key === null ? store : `${store} ${key}`);

const revisionOf = (message: StateMessage): number | undefined => (message[0] === "snapshot" || message[0] === "resume" ? message[5] : undefined);

const tickOf = (message: StateMessage): number | undefined => (message[0] === "volatile" || message[0] === "tick" ? message[2] : undefined);

/** The deltas of a tick. */
const deltasIn = ([, ...parts]: FrameTick) =>
  parts.flatMap((store, i): [store: string, delta: unknown][] => (i % 2 === 0 ? [[store as string, parts[i + 1]]] : []));

/** The store that a message is for. */
function storesOf(message: StateMessage): { readonly store: string; readonly key: string | null }[] {
  switch (message[0]) {
    case "snapshot":
    case "resume":
      return [{ store: message[2], key: message[3] }];
    case "refused":
      return [{ store: message[1], key: message[2] }];
    default:
      return [];
  }
}

/** Calls back when a call is over. It avoids the call's own `then`, which would mark its error as handled. */
function ended(call: ClientCall, done: (value: unknown) => void, failed: (error: EventError) => void): void {
  void Promise.prototype.then.call(call, done, failed);
}

/** The size of data on the wire, in bytes. */
const bytesOf = (data: unknown): number => new TextEncoder().encode(JSON.stringify(data)).length;

function copyOf(args: readonly unknown[]): readonly unknown[] {
  try {
    return decodeValue(encodeValue(args)) as readonly unknown[];
  } catch {
    // The call is refused for arguments that cannot be sent.
    return args;
  }
}
