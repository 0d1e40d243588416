// The whole variable as JSON after each change, as Reflex sends it.
import { edit, type Peer, type State } from "../workload.ts";

const parse = (wire: unknown) => JSON.parse(wire as string) as State["rows"];

export default {
  build: (rows) => ({ rows }),
  snapshot: (source) => JSON.stringify(source.rows),
  mirror: (wire) => ({ rows: parse(wire) }),
  change(source, op) {
    edit(source, op);
    return JSON.stringify(source.rows);
  },
  apply(mirror, wire) {
    mirror.rows = parse(wire);
  },
  rows: (side) => side.rows,
} satisfies Peer<State, State>;
