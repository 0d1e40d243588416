// @colyseus/schema: typed state, binary changes. Its README, "Encoder" and "Decoder".
import { ArraySchema, Decoder, Encoder, type SchemaType, schema, t } from "@colyseus/schema";
import { keeps, type Peer, type Row } from "../workload.ts";

const Meta = schema({ a: t.number(), b: t.string() }, "Meta");
const RowSchema = schema({ id: t.number(), title: t.string(), done: t.boolean(), tags: t.array("string"), meta: Meta }, "Row");
const Table = schema({ rows: t.array(RowSchema) }, "Table");
type RowSchema = SchemaType<typeof RowSchema>;
type Table = SchemaType<typeof Table>;

function rowOf(row: Row): RowSchema {
  const made = new RowSchema();
  made.assign({ id: row.id, title: row.title, done: row.done, tags: new ArraySchema(...row.tags), meta: new Meta().assign(row.meta) });
  return made;
}

/** One after the other, as its constructor and `from` overflow the stack with very many. */
function listOf(rows: readonly RowSchema[]): ArraySchema<RowSchema> {
  const list = new ArraySchema<RowSchema>();
  for (const row of rows) list.push(row);
  return list;
}

interface Source {
  readonly state: Table;
  readonly encoder: Encoder;
}

interface Mirror {
  readonly state: Table;
  readonly decoder: Decoder;
}

export default {
  build(rows) {
    // It warns where this is less than the whole state takes.
    Encoder.BUFFER_SIZE = Math.max(64 * 1024, rows.length * 128);
    const state = new Table();
    const encoder = new Encoder(state);
    for (const row of rows) state.rows.push(rowOf(row));
    encoder.discardChanges();
    return { state, encoder };
  },
  snapshot: ({ encoder }) => encoder.encodeAll().slice(),
  mirror(wire) {
    const state = new Table();
    const decoder = new Decoder(state);
    decoder.decode(wire as Uint8Array);
    return { state, decoder };
  },
  change({ state, encoder }, op) {
    const { rows } = state;
    switch (op.kind) {
      case "toggle": {
        const row = rows[op.at] as RowSchema;
        row.done = !row.done;
        break;
      }
      case "push":
        rows.push(rowOf(op.row));
        break;
      case "remove":
        rows.splice(op.at, 1);
        break;
      case "insert":
        rows.splice(op.at, 0, rowOf(op.row));
        break;
      case "meta":
        for (let i = 0; i < op.at.length; i++) (rows[op.at[i] as number] as RowSchema).meta.a = op.values[i] as number;
        break;
      case "swap":
        rows.move(() => {
          [rows[op.a], rows[op.b]] = [rows[op.b] as RowSchema, rows[op.a] as RowSchema];
        });
        break;
      case "move":
        rows.splice(op.to, 0, ...rows.splice(op.from, 1));
        break;
      case "filter":
        state.rows = listOf(rows.filter(keeps)) as Table["rows"];
        break;
      default:
        op satisfies never;
    }
    const bytes = encoder.encode().slice();
    encoder.discardChanges();
    return bytes;
  },
  apply: ({ decoder }, wire) => void decoder.decode(wire as Uint8Array),
  rows: ({ state }) => state.rows as unknown as Row[],
} satisfies Peer<Source, Mirror>;
