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
