// The thread of `sqlite()`: it alone has the file open.
import { parentPort, workerData } from "node:worker_threads";
import { StateError } from "../../lib/errors/errors.js";
import type { Steps } from "../../lib/wire/steps.js";
import type { Order, PackedHost, Reply } from "./packed.js";
import { SqliteFile } from "./sqlite-file.js";

type Message = Order & { readonly n: number };

const port = parentPort as NonNullable<typeof parentPort>;
let file!: SqliteFile;
let queue: Message[] = [];
/** Loads that wait until a record and its tail are one. */
const waiting = new Map<string, Message[]>();
/** The record that is being compacted, and those that have failed to be. */
let work: { readonly id: string; readonly steps: Steps<void> } | undefined;
const failed = new Set<string>();
/** The ids that were loaded. They are marked as used afterwards, so that a full disk keeps nobody from reading. */
const used = new Set<string>();
let scheduled = false;
/** The replies that are sent together. */
let replies: Reply[] = [];
let transfers: ArrayBuffer[] = [];

try {
  file = new SqliteFile((workerData as { path: string }).path);
  port.on("message", (messages: readonly Message[]) => {
    queue.push(...messages);
    schedule();
  });
} catch (error) {
  answer(0, undefined, error);
  send();
}

function schedule(): void {
  if (scheduled) return;
  scheduled = true;
  setImmediate(() => {
    scheduled = false;
    if (queue.length > 0) serve(queue.splice(0));
    else tidy();
    if (queue.length > 0 || work || file.due.size > 0) schedule();
  });
}

/** Carries out all orders that have come, in one transaction: they become durable together. */
function serve(messages: Message[]): void {
  const last = messages.find((message) => message.do === "backup" || message.do === "close");
  const now = last ? messages.slice(0, messages.indexOf(last)) : messages;
  if (last) queue = [...messages.slice(now.length + 1), ...queue];
  const some = now.filter((message) => !postponed(message));
  if (some.length > 0) {
    let done: (() => void)[];
    try {
      done = file.transaction(() => some.map((message) => attempt(message)));
    } catch {
      // One order has failed: the others run again, each in a transaction of its own.
      done = some.map((message) => {
        try {
          return file.transaction(() => attempt(message));
        } catch (error) {
          return () => answer(message.n, undefined, error);
        }
      });
    }
    for (const tell of done) tell();
    send();
    noteUsed();
  }
  if (last?.do === "backup") {
    file
      .backup(last.to)
      .then(
        () => answer(last.n),
        (error: unknown) => answer(last.n, undefined, error),
      )
      .then(send);
  } else if (last?.do === "close") {
    file.close();
    answer(last.n);
    send();
    port.close();
  }
}

function postponed(message: Message): boolean {
  if (message.do !== "load" || failed.has(message.id)) return false;
  try {
    if (!file.tooLong(message.id)) return false;
  } catch {
    return false;
  }
  waiting.set(message.id, [...(waiting.get(message.id) ?? []), message]);
  file.due.add(message.id);
  return true;
}

/** Carries out an order inside a transaction; the returned function answers it afterwards. An order that only reads may fail without the others. */
function attempt(message: Message): () => void {
  if (message.do !== "load") {
    const value = perform(message);
    return () => answer(message.n, value);
  }
  failed.delete(message.id);
  try {
    const host = file.load(message.id);
    if (host) used.add(message.id);
    return () => answer(message.n, host);
  } catch (error) {
    return () => answer(message.n, undefined, putAside(message.id, error));
  }
}

function noteUsed(): void {
  if (used.size === 0) return;
  try {
    file.transaction(() => {
      for (const id of used) file.touch(id);
    });
    used.clear();
  } catch {
    // The next call tries again.
  }
}

function perform(order: Order): unknown {
  switch (order.do) {
    case "append":
      return file.append(order.id, order.commits);
    case "save":
      return file.save(order.id, order.record);
    case "delete":
      return file.delete(order.id);
    case "touch":
      for (const id of order.ids) file.touch(id);
      return undefined;
    case "list":
      return file.list(order.prefix, order.after);
    case "expire":
      for (const id of used) file.touch(id);
      return file.expire(order.prefix, order.before);
    case "due":
      return file.dueHosts(order.before, order.limit);
    default:
      return undefined;
  }
}

function putAside(id: string, error: unknown): unknown {
  if (!(error instanceof StateError) || error.code !== "DAMAGED") return error;
  try {
    return new StateError(error.code, `${error.message} It is set aside as \`${file.setAside(id)}\`.`);
  } catch {
    return error;
  }
}

/** A step of making one of a record and its tail. */
function tidy(): void {
  if (!work) {
    const id = waiting.keys().next().value ?? [...file.due].find((one) => !failed.has(one));
    if (id === undefined) return file.due.clear();
    file.due.delete(id);
    work = { id, steps: file.compact(id) };
  }
  const { id, steps } = work;
  try {
    if (!steps.next().done) return;
  } catch {
    // The next load of the record reports the error.
    failed.add(id);
  }
  work = undefined;
  queue.push(...(waiting.get(id) ?? []));
  waiting.delete(id);
}

function answer(n: number, value?: unknown, error?: unknown): void {
  if (error !== undefined) {
    const { code, message } = file ? file.explain(error) : (error as StateError);
    replies.push({ n, error: { code, message } });
    return;
  }
  replies.push({ n, value });
  const chunks = (value as PackedHost | undefined)?.chunks;
  if (chunks) for (const chunk of chunks.values()) transfers.push((chunk as Uint8Array).buffer as ArrayBuffer);
}

function send(): void {
  port.postMessage(replies, transfers);
  replies = [];
  transfers = [];
}
