// mobx-keystone: models, and patches between them. https://mobx-keystone.js.org/patches
import {
  applyPatches,
  arrayActions,
  fromSnapshot,
  getSnapshot,
  Model,
  model,
  modelAction,
  onPatches,
  type Patch,
  prop,
  registerRootStore,
} from "mobx-keystone";
import { observeRows } from "../observe.ts";
import { edit, type Op, type Peer, type Row, type State } from "../workload.ts";

@model("Row")
class RowModel extends Model({
  id: prop<number>(),
  title: prop<string>(),
  done: prop<boolean>(),
  tags: prop<string[]>(),
  meta: prop<{ a: number; b: string }>(),
}) {}

@model("Table")
class TableModel extends Model({ rows: prop<RowModel[]>(() => []) }) {
  @modelAction
  edit(op: Op): void {
    const { rows } = this;
    switch (op.kind) {
      case "push":
        rows.push(new RowModel(op.row));
        break;
      case "insert":
        rows.splice(op.at, 0, new RowModel(op.row));
        break;
      case "swap":
        // A model may stand in one place only, so that it cannot be assigned to the other first.
        arrayActions.swap(rows, op.a, op.b);
        break;
      default:
        edit(this as unknown as State, op);
    }
  }
}

interface Source {
  readonly table: TableModel;
  patches: Patch[];
}

export default {
  build(rows) {
    const table = registerRootStore(new TableModel({ rows: rows.map((row) => new RowModel(row)) }));
    const source: Source = { table, patches: [] };
    onPatches(table, (patches) => void source.patches.push(...patches));
    return source;
  },
  snapshot: (source) => JSON.stringify(getSnapshot(source.table)),
  mirror: (wire) => ({ table: fromSnapshot(TableModel, JSON.parse(wire as string)), patches: [] }),
  change(source, op) {
    source.patches = [];
    source.table.edit(op);
    return JSON.stringify(source.patches);
  },
  apply: (mirror, wire) => applyPatches(mirror.table, JSON.parse(wire as string)),
  rows: (side) => side.table.rows as unknown as Row[],
  observe: (side) => observeRows(side.table.rows as unknown as Row[]),
} satisfies Peer<Source, Source>;
