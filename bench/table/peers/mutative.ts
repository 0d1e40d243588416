// Immutable states, and JSON patches between them. https://mutative.js.org/docs/advanced-guide/pathes
import { apply, create, type Patches } from "mutative";
import { edit, type Peer, type State } from "../workload.ts";

/** Where the current state is kept. */
interface Holder {
  state: State;
}

export default {
  build: (rows) => ({ state: { rows } }),
  snapshot: (source) => JSON.stringify(source.state),
  mirror: (wire) => ({ state: JSON.parse(wire as string) as State }),
  change(source, op) {
    const [state, patches] = create(source.state, (draft) => edit(draft, op), { enablePatches: true });
    source.state = state;
    return JSON.stringify(patches);
  },
  apply(mirror, wire) {
    mirror.state = apply(mirror.state, JSON.parse(wire as string) as Patches);
  },
  rows: (side) => side.state.rows,
} satisfies Peer<Holder, Holder>;
