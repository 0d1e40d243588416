import { EventError, type Pending } from "twinstate";
import { createHooks } from "twinstate/react";
import { createTwin, scope } from "twinstate/server";
import { context } from "../context";
import { Stats } from "./stats";

const twin = createTwin({ stores: { stats: scope.shared(Stats), draft: scope.tab(Stats), row: scope.tab(Stats, { keyed: true }) }, context });
const { useStats, useDraft, useRow, useLiveRow } = createHooks<typeof twin>();
// @ts-expect-error a reserved name
createTwin({ stores: { router: Stats }, context });
class NeedsArgs {
  constructor(readonly a: number) {}
}
// @ts-expect-error a store needs a constructor without arguments
createTwin({ stores: { x: NeedsArgs }, context });
export function Page() {
  const stats = useStats();
  useDraft();
  const row = useRow("a");
  const none = useRow(null);
  const count = useRow("a", (x) => x.rows.length);
  const live = useLiveRow("a");
  const value: number | undefined = row.rows[0]?.value ?? none?.rows[0]?.value ?? count ?? live.revenue;
  // @ts-expect-error a keyed tab store needs its key
  useRow();
  // @ts-expect-error a key is a string
  useRow(7);
  // @ts-expect-error a tab store without keys has none
  useDraft("a");
  const r: number | undefined = stats.revenue;
  const s: number | undefined = stats.slow.value;
  const { value: lines = [], pending, error } = stats.lines;
  const part: Date | undefined = lines[0]?.parts.get("a");
  const left: number | undefined = EventError.is(error, "SOLD_OUT") ? error.data.left : undefined;
  const all: [boolean, string | undefined, Pending<number>] = [pending, stats.maybe?.value, stats.slow];
  // @ts-expect-error the value may not be there yet
  const now: number = stats.slow.value;
  // @ts-expect-error in the browser it is no promise
  stats.slow.then(() => {});
  // @ts-expect-error views are read-only
  stats.slow.pending = false;
  // @ts-expect-error views are read-only, at any depth
  lines[0]?.parts.set("a", new Date());
  void [part, left, all, now];
  return (
    <p>
      {r}
      {s}
      {value}
      {stats.slow.pending}
      {useStats((x) => x.rows[0]?.value)}
    </p>
  );
}
