import type { Summary } from "@/db/orders";
import { counted, roundMoney } from "./format";

/** Bars that are text too. */
export function CategoryChart({ categories }: { categories: Summary["categories"] }) {
  const most = Math.max(1, ...categories.map(({ amount }) => amount));
  return (
    <figure className="flex min-w-0 flex-col rounded-2xl border border-line bg-surface p-4">
      <figcaption className="mb-3 text-sm text-muted">Revenue by category</figcaption>
      <ul className="space-y-3">
        {categories.map(({ category, count, amount }) => (
          <li key={category} className="text-sm">
            <div className="flex justify-between gap-2">
              <span>{category}</span>
              <span className="tabular-nums">
                {roundMoney(amount)} <span className="text-muted">from {counted(count)}</span>
              </span>
            </div>
            <svg viewBox="0 0 100 4" preserveAspectRatio="none" className="mt-1 h-2 w-full" aria-hidden="true">
              <rect width="100" height="4" className="fill-line" />
              <rect width={(amount / most) * 100} height="4" className="fill-accent transition-all duration-300 motion-reduce:transition-none" />
            </svg>
          </li>
        ))}
      </ul>
      {categories.length === 0 && <p className="m-auto py-16 text-sm text-muted">No orders.</p>}
    </figure>
  );
}
