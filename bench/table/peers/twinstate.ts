import { transaction } from "mobx";
import { state } from "../../../lib/class/decorators.js";
import { openFace } from "../../../lib/live/faces.js";
import { createMirror, type Mirror } from "../../../lib/mirror/mirror.js";
import { createStore, type Store } from "../../../lib/store/store.js";
import { decode, encode } from "../../../lib/wire/binary.js";
import { snapshotText } from "../../../lib/wire/snapshot-text.js";
import { observeRows } from "../observe.ts";
import { edit, type Peer, type Row, type State } from "../workload.ts";

class Table {
  @state rows: Row[] = [];
}

/** As a host holds it: the user's instance, and the store that it has become. */
interface Source {
  readonly live: State;
  readonly store: Store;
}

export default {
  build(rows) {
    const live = new Table();
    live.rows = rows;
    const store = createStore({ name: "table", instance: live });
    return { live, store };
  },
  snapshot: ({ store }) => snapshotText(store.snapshot()),
  mirror(wire) {
    const mirror = createMirror({ faces: openFace, name: "table" });
    mirror.applySnapshot(JSON.parse(wire as string));
    return mirror;
  },
  change({ live, store }, op) {
    transaction(() => edit(live, op));
    const delta = store.commit();
    store.endTurn();
    return JSON.stringify(delta ?? null);
  },
  apply: (mirror, wire) => mirror.applyDelta(JSON.parse(wire as string)),
  rows: (side) => (side.live as State).rows,
  observe: (side) => observeRows((side.live as State).rows),
  binary: { values: (wire) => JSON.parse(wire as string), write: encode, read: decode },
} satisfies Peer<Source, Mirror>;
