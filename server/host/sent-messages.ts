import { createHash } from "node:crypto";
import type { Encoded } from "../../lib/wire/codec.js";

/** The client under whose numbers a host keeps a message. No browser can have such an id. */
export const messageClient = (id: string): string => `message/${id}`;
/** Whether event numbers are of no client, but of messages between hosts and of events that go on. */
export const isServers = (client: string): boolean => client.startsWith("message/") || client.startsWith("event/");

/** The id of an event that runs once for an id of the caller's own. */
export const onceId = (host: string, store: string, event: string, id: string): string => hashed(JSON.stringify(["once", host, store, event, id]));

const hashed = (text: string) => createHash("sha256").update(text).digest("base64url").slice(0, 22);

interface SentMessage {
  readonly over: Promise<unknown>;
  forget(): void;
}

/**
 * The messages of an event that may run again: its calls of events of other scope instances. Each has an id, and the same one when the event runs again, so
 * that the other host runs it once.
 */
export class SentMessages {
  readonly #eventId: string;
  /** How many messages of one content were sent. */
  #counts: Map<string, number> | undefined;
  #sent: SentMessage[] | undefined;
  #final = false;

  constructor(eventId: string) {
    this.#eventId = eventId;
  }

  /** Some message was sent. */
  get any(): boolean {
    return this.#sent !== undefined;
  }

  /** Notes that the event has committed something. It never runs again, so its later messages need no ids. */
  committed(): void {
    this.#final = true;
  }

  /**
   * The id of the next message; `undefined` where it needs none. Another content has another id, and equal messages are counted: so a second run of the event
   * that goes another way is never given the answer to something else.
   */
  next(host: string, event: readonly unknown[], args: Encoded): string | undefined {
    if (this.#final) return undefined;
    const content = JSON.stringify([this.#eventId, host, event, args]);
    this.#counts ??= new Map();
    const n = (this.#counts.get(content) ?? 0) + 1;
    this.#counts.set(content, n);
    return hashed(`${n} ${content}`);
  }

  /** Keeps what is to be forgotten of a message at the other host. */
  sent(over: Promise<unknown>, forget: () => void): void {
    this.#sent ??= [];
    this.#sent.push({ over, forget });
  }

  /** The event has ended, and its answer is stored: nobody will ask for its messages again. */
  forget(): void {
    for (const { over, forget } of this.#sent ?? []) over.then(forget, forget);
    this.#sent = undefined;
  }
}
