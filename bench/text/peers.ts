import { ArraySchema, Decoder, Encoder, type SchemaType, schema, t } from "@colyseus/schema";
import { transaction } from "mobx";
import * as Y from "yjs";
import { state } from "../../lib/class/decorators.js";
import { createMirror, type Mirror } from "../../lib/mirror/mirror.js";
import { createStore, type Store } from "../../lib/store/store.js";
import type { Message, Peer, Wire } from "./workload.ts";

class Chat {
  @state messages: Message[] = [];
}

/** As a host holds it: the user's instance, and the store that it has become. */
interface Source {
  readonly live: Chat;
  readonly store: Store;
}

function committed({ live, store }: Source, change: (live: Chat) => void): string {
  transaction(() => change(live));
  const delta = store.commit();
  store.endTurn();
  return JSON.stringify(delta);
}

const inserted = (text: string, index: number, word: string) => text.slice(0, index) + word + text.slice(index);

const twinstate: Peer<Source, Mirror> = {
  build(messages) {
    const live = new Chat();
    live.messages = messages;
    return { live, store: createStore({ name: "chat", instance: live }) };
  },
  mirror({ store }) {
    const mirror = createMirror({ name: "chat" });
    mirror.applySnapshot(JSON.parse(JSON.stringify(store.snapshot())));
    return mirror;
  },
  say: (source, at, token) =>
    committed(source, ({ messages }) => {
      (messages[at] as Message).text += token;
    }),
  insert: (source, at, index, word) =>
    committed(source, ({ messages }) => {
      const message = messages[at] as Message;
      message.text = inserted(message.text, index, word);
    }),
  toggle: (source, at) =>
    committed(source, ({ messages }) => {
      const message = messages[at] as Message;
      message.done = !message.done;
    }),
  apply: (mirror, wire) => mirror.applyDelta(JSON.parse(wire as string)),
  text: (side, at) => (("live" in side && "store" in side ? side.live.messages : side.read("messages")) as Message[])[at]?.text as string,
};

interface Whole {
  messages: Message[];
}

/** The whole variable as JSON after each change, as Reflex sends it. */
const resend: Peer<Whole, Whole> = {
  build: (messages) => ({ messages }),
  mirror: ({ messages }) => ({ messages: structuredClone(messages) }),
  say({ messages }, at, token) {
    (messages[at] as Message).text += token;
    return JSON.stringify(messages);
  },
  insert({ messages }, at, index, word) {
    const message = messages[at] as Message;
    message.text = inserted(message.text, index, word);
    return JSON.stringify(messages);
  },
  toggle({ messages }, at) {
    const message = messages[at] as Message;
    message.done = !message.done;
    return JSON.stringify(messages);
  },
  apply(mirror, wire) {
    mirror.messages = JSON.parse(wire as string) as Message[];
  },
  text: ({ messages }, at) => messages[at]?.text as string,
};

interface Doc {
  readonly doc: Y.Doc;
  readonly messages: Y.Array<Y.Map<unknown>>;
  update: Uint8Array;
}

function openDoc(): Doc {
  const doc = new Y.Doc();
  return { doc, messages: doc.getArray("messages"), update: new Uint8Array() };
}

const messageOf = ({ messages }: Doc, at: number) => messages.get(at);
const textOf = (doc: Doc, at: number) => messageOf(doc, at).get("text") as Y.Text;

/** Each text is a Y.Text, each message a Y.Map. https://docs.yjs.dev/api/shared-types/y.text */
const yjs: Peer<Doc, Doc> = {
  build(messages) {
    const source = openDoc();
    source.messages.push(
      messages.map(({ text, ...rest }) => {
        const entries: [string, unknown][] = [...Object.entries(rest), ["text", new Y.Text(text)]];
        return new Y.Map(entries);
      }),
    );
    source.doc.on("update", (update) => {
      source.update = update;
    });
    return source;
  },
  mirror({ doc }) {
    const mirror = openDoc();
    Y.applyUpdate(mirror.doc, Y.encodeStateAsUpdate(doc));
    return mirror;
  },
  say(source, at, token) {
    const text = textOf(source, at);
    text.insert(text.length, token);
    return source.update;
  },
  insert(source, at, index, word) {
    textOf(source, at).insert(index, word);
    return source.update;
  },
  toggle(source, at) {
    const message = messageOf(source, at);
    message.set("done", !message.get("done"));
    return source.update;
  },
  apply: ({ doc }, wire) => Y.applyUpdate(doc, wire as Uint8Array),
  text: (side, at) => textOf(side, at).toString(),
};

const MessageSchema = schema({ id: t.number(), from: t.string(), text: t.string(), done: t.boolean() }, "Message");
const ChatSchema = schema({ messages: t.array(MessageSchema) }, "Chat");
type MessageSchema = SchemaType<typeof MessageSchema>;
type ChatSchema = SchemaType<typeof ChatSchema>;

interface Encoding {
  readonly state: ChatSchema;
  readonly encoder: Encoder;
}
interface Decoding {
  readonly state: ChatSchema;
  readonly decoder: Decoder;
}

function encoded({ state, encoder }: Encoding, at: number, change: (message: MessageSchema) => void): Wire {
  change(state.messages[at] as MessageSchema);
  const bytes = encoder.encode().slice();
  encoder.discardChanges();
  return bytes;
}

/** Its README, "Encoder" and "Decoder". A text is a string of its schema. */
const colyseus: Peer<Encoding, Decoding> = {
  build(messages) {
    Encoder.BUFFER_SIZE = 1 << 20;
    const state = new ChatSchema();
    const encoder = new Encoder(state);
    const list = new ArraySchema<MessageSchema>();
    for (const message of messages) list.push(new MessageSchema().assign(message));
    state.messages = list as ChatSchema["messages"];
    encoder.discardChanges();
    return { state, encoder };
  },
  mirror({ encoder }) {
    const state = new ChatSchema();
    const decoder = new Decoder(state);
    decoder.decode(encoder.encodeAll().slice());
    return { state, decoder };
  },
  say: (source, at, token) =>
    encoded(source, at, (message) => {
      message.text += token;
    }),
  insert: (source, at, index, word) =>
    encoded(source, at, (message) => {
      message.text = inserted(message.text, index, word);
    }),
  toggle: (source, at) =>
    encoded(source, at, (message) => {
      message.done = !message.done;
    }),
  apply: ({ decoder }, wire) => void decoder.decode(wire as Uint8Array),
  text: ({ state }, at) => (state.messages[at] as MessageSchema).text,
};

// The peers keep what they like: only they know their sources and mirrors.
export const peers: Readonly<Record<string, Peer<any, any>>> = { twinstate, resend, yjs, colyseus };
