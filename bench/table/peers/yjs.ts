// Yjs: shared types, binary updates. https://docs.yjs.dev/api/document-updates
import * as Y from "yjs";
import { keeps, type Peer, type Row } from "../workload.ts";

type RowMap = Y.Map<unknown>;

interface Source {
  readonly doc: Y.Doc;
  readonly rows: Y.Array<RowMap>;
  update: Uint8Array;
}

function rowOf({ id, title, done, tags, meta }: Row): RowMap {
  const entries: [string, unknown][] = [
    ["id", id],
    ["title", title],
    ["done", done],
    ["tags", Y.Array.from(tags)],
    ["meta", new Y.Map(Object.entries(meta))],
  ];
  return new Y.Map(entries);
}

function open(): Source {
  const doc = new Y.Doc();
  const source: Source = { doc, rows: doc.getArray("rows"), update: new Uint8Array() };
  return source;
}

export default {
  build(rows) {
    const source = open();
    source.rows.push(rows.map(rowOf));
    source.doc.on("update", (update) => {
      source.update = update;
    });
    return source;
  },
  snapshot: ({ doc }) => Y.encodeStateAsUpdate(doc),
  mirror(wire) {
    const mirror = open();
    Y.applyUpdate(mirror.doc, wire as Uint8Array);
    return mirror;
  },
  change(source, op) {
    const { doc, rows } = source;
    doc.transact(() => {
      switch (op.kind) {
        case "toggle": {
          const row = rows.get(op.at);
          row.set("done", !row.get("done"));
          break;
        }
        case "push":
          rows.push([rowOf(op.row)]);
          break;
        case "remove":
          rows.delete(op.at, 1);
          break;
        case "insert":
          rows.insert(op.at, [rowOf(op.row)]);
          break;
        case "meta":
          for (let i = 0; i < op.at.length; i++) (rows.get(op.at[i] as number).get("meta") as RowMap).set("a", op.values[i]);
          break;
        case "swap": {
          // It has no moves: what moves is deleted, and inserted as a copy.
          const [low, high] = [Math.min(op.a, op.b), Math.max(op.a, op.b)];
          const [first, second] = [rows.get(low).clone(), rows.get(high).clone()];
          rows.delete(high, 1);
          rows.insert(high, [first]);
          rows.delete(low, 1);
          rows.insert(low, [second]);
          break;
        }
        case "move": {
          const row = rows.get(op.from).clone();
          rows.delete(op.from, 1);
          rows.insert(op.to, [row]);
          break;
        }
        case "filter": {
          const dropped = rows.map((row, i) => (keeps({ id: row.get("id") as number }) ? -1 : i)).filter((i) => i >= 0);
          for (const i of dropped.reverse()) rows.delete(i, 1);
          break;
        }
        default:
          op satisfies never;
      }
    });
    return source.update;
  },
  apply: ({ doc }, wire) => Y.applyUpdate(doc, wire as Uint8Array),
  rows: ({ rows }) => rows.toJSON() as Row[],
} satisfies Peer<Source, Source>;
