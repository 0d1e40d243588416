import { cutShort, noUpload, uploadOver } from "../../lib/errors/upload-errors.js";
import { type FileFacts, UploadedFile } from "../call/uploaded-file.js";
import type { UploadAnswer, UploadName, Uploads } from "../call/uploads.js";
import type { Membership } from "../host/membership.js";
import { PeerLost } from "../host/peer-lost.js";
import { countGarbage } from "../task/collection.js";
import { OfferedBody } from "./offered-body.js";
import type { Peers } from "./peers.js";
import { askRepeatedly } from "./repeated-question.js";

const FIND = "find upload";
const TAKE = "take upload";
const PART = "part of a file";

/** How many copies of its bytes a message leaves in memory at each node, as texts and as bytes. */
const COPIES = 5;

/** A file of a form, as its node passes it on: which field it is, what the browser says of it, and where its bytes are. */
export type PassedFile = readonly [field: number, facts: FileFacts, body: string];

/** A call's input without its files, and the files. */
interface PackedForm {
  readonly input: unknown;
  readonly files: readonly PassedFile[];
}

interface Server {
  readonly dispatcher: { readonly uploads: Uploads };
}

/**
 * Files that came to one node, and are read by an event at another. They travel part by part: the event's node asks for each, so the bytes are read from
 * the browser as fast as the event reads them, and a part whose message was lost is asked for again.
 */
export class PassedFiles {
  readonly #server: Server;
  readonly #membership: Membership;
  readonly #peers: Peers;
  /** The bodies that other nodes may read. */
  readonly #bodies = new Map<string, OfferedBody>();
  #last = 0;

  constructor(server: Server, membership: Membership, peers: Peers) {
    this.#server = server;
    this.#membership = membership;
    this.#peers = peers;
    peers.serve(PART, async ({ data }) => {
      const [body, at] = data as [body: string, at: number];
      const part = await this.#bodies.get(body)?.partAt(at);
      if (!part) return null;
      countGarbage(COPIES * part.byteLength);
      return Buffer.from(part.buffer, part.byteOffset, part.byteLength).toString("base64");
    });
    peers.serve(FIND, async ({ data, signal }) => {
      await this.#uploads.find(data as UploadName, signal);
      return null;
    });
    peers.serve(TAKE, ({ data, from, signal }) => {
      const [name, body] = data as [name: UploadName, body: string | null];
      return this.#uploads.take(name, body === null ? undefined : (file) => this.#read(from, body, file), signal);
    });
  }

  get #uploads(): Uploads {
    return this.#server.dispatcher.uploads;
  }

  /** How many bodies wait for other nodes, or are read by them. */
  get size(): number {
    return this.#bodies.size;
  }

  // --- files of numbered calls, each in a request of its own ---

  /**
   * Gives the body of a file to its call, at whichever node that runs. Without a body: says whether one is wanted.
   * @throws EventError `NOT_FOUND`, `UNAVAILABLE`
   */
  async take(name: UploadName, body: ReadableStream<Uint8Array> | undefined, signal: AbortSignal): Promise<UploadAnswer> {
    const node = await this.#find(name, signal);
    if (node === undefined) return this.#uploads.take(name, body && (() => body), signal);
    if (!body) return (await this.#peers.ask(node, TAKE, [name, null], { signal })) as UploadAnswer;
    return this.#offering(body, async (offered) => (await this.#peers.ask(node, TAKE, [name, offered], { signal })) as UploadAnswer);
  }

  /** The node at which the call of a file runs; `undefined`: it is this one. */
  async #find(name: UploadName, given: AbortSignal): Promise<string | undefined> {
    if (this.#uploads.has(name)) return undefined;
    const found = new AbortController();
    const signal = AbortSignal.any([given, found.signal]);
    const nodes = await this.#membership.alive();
    const others = nodes.flatMap(({ node }) => (node === this.#membership.node ? [] : [node]));
    try {
      return await Promise.any([
        this.#uploads.find(name, signal).then(() => undefined),
        ...others.map((node) => this.#peers.ask(node, FIND, name, { signal }).then(() => node)),
      ]);
    } catch {
      throw noUpload();
    } finally {
      found.abort();
    }
  }

  // --- files of forms, which come with their call ---

  /** Runs what passes a call on, whose input may be a form with files. Other nodes can read them meanwhile. */
  async passing<R>(input: unknown, pass: (packed: PackedForm) => Promise<R>): Promise<R> {
    const bodies: string[] = [];
    const files: PassedFile[] = [];
    const fields = fieldsIn(input)?.map(([name, value], field): Field => {
      if (!(value instanceof Blob)) return [name, value];
      const { name: called = "", type, size, lastModified = 0 } = value as File;
      const body = this.#offer(value.stream());
      bodies.push(body);
      files.push([field, { name: called, type, size, lastModified }, body]);
      return [name, null];
    });
    try {
      return await pass(files.length > 0 ? { input: withFields(input, fields as Fields), files } : { input, files });
    } finally {
      for (const body of bodies) this.#drop(body);
    }
  }

  /** Runs a call that another node has passed on, whose input may be a form with files. */
  async passed<R>(from: string, { input, files }: PackedForm, run: (input: unknown) => Promise<R>): Promise<R> {
    if (files.length === 0) return run(input);
    const fields = [...(fieldsIn(input) as Fields)];
    const ended = new AbortController();
    const made = files.map(([field, facts, body]) => {
      const file = new UploadedFile(facts);
      // The browser sends its form once.
      const lost = (got: number) => file.close(cutShort(file.name, got, file.size));
      file.take(this.#read(from, body, file, lost), ended.signal);
      fields[field] = [fields[field]?.[0] as string, file];
      return file;
    });
    try {
      return await run(withFields(input, fields));
    } finally {
      ended.abort();
      for (const file of made) file.close(uploadOver(file.name));
    }
  }

  // --- bytes ---

  async #offering<R>(body: ReadableStream<Uint8Array>, run: (name: string) => Promise<R>): Promise<R> {
    const name = this.#offer(body);
    try {
      return await run(name);
    } finally {
      this.#drop(name);
    }
  }

  #offer(body: ReadableStream<Uint8Array>): string {
    const name = (++this.#last).toString(36);
    this.#bodies.set(name, new OfferedBody(body));
    return name;
  }

  #drop(name: string): void {
    this.#bodies.get(name)?.drop();
    this.#bodies.delete(name);
  }

  /** The bytes of a file, which are at another node. One part is read ahead. `lost`: learns that the node is gone, and how many bytes it has given. */
  #read(node: string, body: string, file: UploadedFile, lost?: (got: number) => void): ReadableStream<Uint8Array> {
    let at = 0;
    const pull = async (controller: ReadableStreamDefaultController<Uint8Array>) => {
      try {
        const part = (await askRepeatedly(this.#peers, node, PART, [body, at])) as string | null;
        if (part === null) return controller.close();
        const bytes = Buffer.from(part, "base64");
        at += bytes.byteLength;
        countGarbage(COPIES * bytes.byteLength);
        controller.enqueue(bytes);
      } catch (error) {
        if (error instanceof PeerLost) lost?.(at);
        else file.close(error);
        controller.error(error);
      }
    };
    return new ReadableStream({ pull }, { highWaterMark: 1 });
  }
}

type Field = readonly [name: string, value: unknown];
type Fields = readonly Field[];

/** The fields of a call's input that is a form. */
function fieldsIn(input: unknown): Fields | undefined {
  const { fields } = ((input as { readonly args?: unknown } | null)?.args ?? {}) as { readonly fields?: unknown };
  return Array.isArray(fields) ? (fields as Fields) : undefined;
}

function withFields(input: unknown, fields: Fields): unknown {
  const given = input as { readonly args: object };
  return { ...given, args: { ...given.args, fields } };
}
