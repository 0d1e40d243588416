import { createHooks } from "twinstate/react";
import { createTwin, scope } from "twinstate/server";
import { context } from "../context";
import { Stats } from "./stats";

const twin = createTwin({ stores: { stats: scope.shared(Stats), draft: scope.tab(Stats) }, context });
const { useStats, useDraft } = createHooks<typeof twin>();
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
  const r: number | undefined = stats.revenue;
  const s: number | undefined = stats.slow.value;
  return (
    <p>
      {r}
      {s}
      {stats.slow.pending}
      {useStats((x) => x.rows[0]?.value)}
    </p>
  );
}
