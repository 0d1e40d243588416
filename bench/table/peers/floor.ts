// Plain MobX without any sync: the same op is made by hand on both sides, and nothing travels.
import { observable, runInAction } from "mobx";
import { observeRows } from "../observe.ts";
import { edit, makeRows, type Op, type Peer, type Row, type State } from "../workload.ts";

const build = (rows: Row[]): State => observable({ rows });
const change = (state: State, op: Op) => runInAction(() => edit(state, op));

export default {
  build,
  snapshot: (source) => makeRows(source.rows.length),
  mirror: (rows) => build(rows as Row[]),
  change(source, op) {
    change(source, op);
    return op;
  },
  apply: (mirror, op) => change(mirror, op as Op),
  rows: (side) => side.rows,
  observe: (side) => observeRows(side.rows),
} satisfies Peer<State, State>;
