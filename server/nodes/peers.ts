import { randomBytes } from "node:crypto";
import { unavailable } from "../../lib/errors/errors.js";
import { badPeerMessage } from "../../lib/errors/node-errors.js";
import { PeerLost } from "../host/peer-lost.js";
import type { NodeMember, NodeStorage } from "../storage/nodes.js";
import { errorOf, errorShapeOf, type Refusal, type Report } from "../wire/error-shape.js";
import type { NodeLine } from "./node-line.js";
import { PeerLine } from "./peer-line.js";

/** How often a node that is waited for is asked whether it is still at it, and told how much has come by its lines, in ms. */
const LOOK = 1000;
/** The shortest time between two looks at who is living, in ms. */
const SOONEST = 20;
/** How long the list of living nodes is good for messages to all of them, in ms. */
const LISTED = 1000;
/** How long a node counts as dead that a look has found dead, in ms: it may join again. Who has lost a line to it waits less to make another one. */
const GONE = 5000;

/** What a request is asked with, and told meanwhile. */
export interface Asking {
  /** Takes what the other node says before its answer, in order. */
  part?(told: unknown): void;
  /** Asks the other node to stop. */
  readonly signal?: AbortSignal | undefined;
}

/** A request of another node. */
export interface PeerRequest {
  readonly from: string;
  readonly data: unknown;
  /** The other node waits no more, or asks to stop. */
  readonly signal: AbortSignal;
  /** Says something before the answer. */
  part(told: unknown): void;
}

type Message =
  | readonly [kind: "ask", id: string, what: string, data: unknown]
  | readonly [kind: "part", id: string, k: number, told: unknown]
  | readonly [kind: "answer", id: string, parts: number, answer: unknown]
  | readonly [kind: "refusal", id: string, parts: number, refusal: Refusal]
  | readonly [kind: "stop", id: string]
  /** `got`: how many messages have come by each of these, where it is a line. */
  | readonly [kind: "look", ids: readonly string[], got: readonly number[]]
  | readonly [kind: "said", lines: readonly (readonly [id: string, said: number])[]]
  | readonly [kind: "unknown", ids: readonly string[]]
  | readonly [kind: "tell", what: string, data: unknown]
  | readonly [kind: "dial", id: string, what: string, data: unknown]
  | readonly [kind: "say", id: string, text: string]
  | readonly [kind: "hang", id: string];

interface Asked {
  readonly node: string;
  readonly asking: Asking;
  /** How many parts have come. */
  parts: number;
  resolve(answer: unknown): void;
  reject(error: unknown): void;
}

interface Server {
  readonly nodes: NodeStorage;
  readonly report: Report;
  /** The living nodes. This one is among them then: a node that has not joined would not hear what others answer. */
  alive(): Promise<readonly NodeMember[]>;
}

/** What nodes ask each other, and the lines between them. Messages may be lost, but come in order: whoever waits looks whether the other node still answers. */
export class Peers {
  readonly #server: Server;
  readonly #services = new Map<string, (request: PeerRequest) => Promise<unknown>>();
  readonly #hearers = new Map<string, (data: unknown, from: string) => void>();
  readonly #doors = new Map<string, (line: NodeLine, data: unknown, from: string) => void>();
  readonly #asked = new Map<string, Asked>();
  readonly #answering = new Map<string, AbortController>();
  readonly #lines = new Map<string, PeerLine>();
  /** Tells the requests and lines of this process from those of others. */
  readonly #prefix = randomBytes(6).toString("base64url");
  #last = 0;
  #others: Promise<readonly string[]> | undefined;
  #listed = 0;
  /** The nodes on that list. */
  #known = new Set<string>();
  /** The nodes that were waited for when a look found them dead, and when that was. */
  readonly #gone = new Map<string, number>();
  #timer: NodeJS.Timeout | undefined;
  #looking = false;
  /** When other nodes were asked the last time what they know of. */
  #checked = 0;
  #closed = false;

  constructor(server: Server) {
    this.#server = server;
    server.nodes.onMessage((text, from) => this.#take(text, from));
  }

  // --- requests ---

  /** Sets who answers the requests of a name. */
  serve(what: string, answer: (request: PeerRequest) => Promise<unknown>): void {
    this.#services.set(what, answer);
  }

  /**
   * Asks another node. Data and answer are JSON.
   * @throws EventError what the other node has thrown
   * @throws PeerLost where it is gone, or the request or its answer was lost: it may have been carried out
   */
  ask(node: string, what: string, data: unknown, asking: Asking = {}): Promise<unknown> {
    const id = this.#id();
    const stop = () => this.#send(node, ["stop", id]);
    return new Promise((resolve, reject) => {
      this.#asked.set(id, { node, asking, parts: 0, resolve, reject });
      this.#watch();
      asking.signal?.addEventListener("abort", stop);
      this.#send(node, ["ask", id, what, data]);
      if (asking.signal?.aborted) stop();
    }).finally(() => asking.signal?.removeEventListener("abort", stop));
  }

  async #answer(from: string, id: string, what: string, data: unknown): Promise<void> {
    const { report } = this.#server;
    const control = new AbortController();
    this.#answering.set(id, control);
    let parts = 0;
    const part = (told: unknown) => this.#send(from, ["part", id, ++parts, told]);
    try {
      const service = this.#services.get(what);
      if (!service) throw unavailable();
      const answer = await service({ from, data, signal: control.signal, part });
      this.#send(from, ["answer", id, parts, answer]);
    } catch (error) {
      this.#send(from, ["refusal", id, parts, errorShapeOf(error, report)]);
    } finally {
      this.#answering.delete(id);
    }
  }

  /** A request has its answer, if nothing of it was lost. */
  #settle(id: string, parts: number, settle: (asked: Asked) => void): void {
    const asked = this.#asked.get(id);
    if (!asked) return;
    this.#asked.delete(id);
    if (asked.parts === parts) settle(asked);
    else asked.reject(new PeerLost());
  }

  #lose(id: string): void {
    const asked = this.#asked.get(id);
    this.#asked.delete(id);
    asked?.reject(new PeerLost());
    this.#lines.get(id)?.over();
  }

  // --- words to all ---

  /** Sets who takes what other nodes tell all. */
  hear(what: string, take: (data: unknown, from: string) => void): void {
    this.#hearers.set(what, take);
  }

  /** Tells all other living nodes something, in order. Nobody answers. */
  async tell(what: string, data: unknown): Promise<void> {
    for (const node of await this.others()) this.#send(node, ["tell", what, data]);
  }

  /** The other living nodes: as of a moment ago, or of `now`. */
  others(asOf?: "now"): Promise<readonly string[]> {
    const { alive, nodes } = this.#server;
    const now = performance.now();
    if (this.#others && !asOf && now < this.#listed + LISTED) return this.#others;
    this.#listed = now;
    this.#others = alive().then(
      (all) => {
        this.#known = new Set(all.map(({ node }) => node));
        return [...this.#known].filter((node) => node !== nodes.node);
      },
      () => [],
    );
    return this.#others;
  }

  /** Says that this node has joined: whoever hears it lists the nodes anew. */
  greet(): void {
    this.#others = undefined;
    void this.tell("joined", null);
  }

  /** A node speaks that is not on the list: it has joined since. */
  #meet(node: string): void {
    this.#gone.delete(node);
    if (this.#known.has(node)) return;
    this.#known.add(node);
    this.#others = undefined;
  }

  // --- lines ---

  /** Sets who takes the lines of a name. */
  accept(what: string, take: (line: NodeLine, data: unknown, from: string) => void): void {
    this.#doors.set(what, take);
  }

  /** Makes a line to another node. */
  dial(node: string, what: string, data: unknown): NodeLine {
    const id = this.#id();
    const line = this.#line(node, id);
    this.#send(node, ["dial", id, what, data]);
    return line;
  }

  #line(node: string, id: string): PeerLine {
    const line = new PeerLine(
      node,
      (text) => this.#send(node, ["say", id, text]),
      (told) => {
        this.#lines.delete(id);
        if (told) this.#send(node, ["hang", id]);
      },
    );
    this.#lines.set(id, line);
    this.#watch();
    return line;
  }

  // --- messages ---

  #id(): string {
    return `${this.#prefix}${(++this.#last).toString(36)}`;
  }

  #send(node: string, message: Message): void {
    this.#server.nodes.send(node, JSON.stringify(message));
  }

  #take(text: string, from: string): void {
    this.#meet(from);
    let message: Message;
    try {
      message = JSON.parse(text) as Message;
    } catch (error) {
      return this.#server.report("error", badPeerMessage(from, error));
    }
    try {
      this.#heed(message, from);
    } catch (error) {
      this.#server.report("error", badPeerMessage(from, error));
    }
  }

  #heed(message: Message, from: string): void {
    const [kind, id] = message;
    switch (kind) {
      case "ask":
        return void this.#answer(from, id, message[2], message[3]);
      case "part": {
        const asked = this.#asked.get(id);
        if (!asked) return;
        if (message[2] === ++asked.parts) asked.asking.part?.(message[3]);
        else this.#lose(id);
        return;
      }
      case "answer":
        return this.#settle(id, message[2], (asked) => asked.resolve(message[3]));
      case "refusal":
        return this.#settle(id, message[2], (asked) => asked.reject(errorOf(message[3])));
      case "stop":
        return this.#answering.get(id)?.abort();
      case "look":
        return this.#looked(from, id, message[2]);
      case "said":
        // It comes behind all that was said: what has not come is lost.
        for (const [one, said] of id) if ((this.#lines.get(one)?.got ?? said) < said) this.#lines.get(one)?.end();
        return;
      case "unknown":
        for (const one of id) this.#lose(one);
        return;
      case "tell":
        return this.#hearers.get(id)?.(message[2], from);
      case "dial": {
        const door = this.#doors.get(message[2]);
        if (door) door(this.#line(from, id), message[3], from);
        else this.#send(from, ["hang", id]);
        return;
      }
      case "say": {
        const line = this.#lines.get(id);
        if (line) line.take(message[2]);
        else this.#send(from, ["hang", id]);
        return;
      }
      case "hang":
        return this.#lines.get(id)?.over();
      default:
        return this.#server.report("error", badPeerMessage(from, kind satisfies never));
    }
  }

  // --- whether they are there ---

  #watch(wait = LOOK): void {
    if (this.#timer || this.#looking || this.#closed || this.#asked.size + this.#lines.size === 0) return;
    this.#timer = setTimeout(() => void this.#look(), wait);
    this.#timer.unref();
  }

  /** Whether a look has just found a node dead. One that no look has asked for may have joined since. */
  isGone(node: string): boolean {
    return performance.now() < (this.#gone.get(node) ?? -Infinity) + GONE;
  }

  /**
   * Gives up what waits for nodes that are gone, and asks the others whether they know of what waits for them. The next look is when the first of these nodes
   * dies unless it renews: what a dead node had is taken over at once.
   */
  async #look(): Promise<void> {
    this.#timer = undefined;
    this.#looking = true;
    let wait = LOOK;
    try {
      const living = new Map((await this.#server.nodes.alive()).map(({ node, left }) => [node, left]));
      for (const node of this.#gone.keys()) if (living.has(node) || !this.isGone(node)) this.#gone.delete(node);
      const waiting = new Map<string, string[]>();
      for (const [id, { node }] of [...this.#asked, ...this.#lines]) {
        if (!living.has(node)) {
          this.#gone.set(node, performance.now());
          this.#lose(id);
          continue;
        }
        const ids = waiting.get(node);
        if (ids) ids.push(id);
        else waiting.set(node, [id]);
      }
      for (const node of waiting.keys()) wait = Math.max(SOONEST, Math.min(wait, living.get(node) as number));
      this.#check(waiting);
    } catch {
      // The membership reports a storage that does not answer.
    } finally {
      this.#looking = false;
      this.#watch(wait);
    }
  }

  #check(waiting: ReadonlyMap<string, readonly string[]>): void {
    const now = performance.now();
    if (now < this.#checked + LOOK) return;
    this.#checked = now;
    for (const [node, ids] of waiting) this.#send(node, ["look", ids, ids.map((id) => this.#lines.get(id)?.got ?? 0)]);
  }

  /** Another node asks whether this one knows of what it waits for, and says how much has come by its lines. */
  #looked(from: string, ids: readonly string[], got: readonly number[]): void {
    const unknown = ids.filter((id) => !this.#answering.has(id) && !this.#lines.has(id));
    if (unknown.length > 0) this.#send(from, ["unknown", unknown]);
    const said = ids.flatMap((id, i) => {
      const line = this.#lines.get(id);
      return line && line.said !== got[i] ? [[id, line.said] as const] : [];
    });
    if (said.length > 0) this.#send(from, ["said", said]);
  }

  /** Ends all lines, and gives up all that waits. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    for (const line of [...this.#lines.values()]) line.end();
    for (const id of [...this.#asked.keys()]) this.#lose(id);
    for (const control of this.#answering.values()) control.abort();
  }
}
