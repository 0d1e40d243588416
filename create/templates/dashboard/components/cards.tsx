import type { Summary } from "@/db/orders";
import { counted, money, wholeMoney } from "./format";

export function Cards({ summary: { count, amount }, viewers }: { summary: Summary; viewers: number }) {
  const cards = [
    ["Orders", counted(count)],
    ["Revenue", wholeMoney(amount)],
    ["Average", money(count === 0 ? 0 : amount / count)],
    // Whoever sees this looks too, before the server knows it.
    ["Looking now", counted(Math.max(1, viewers))],
  ] as const;
  return (
    <dl className="grid grid-cols-2 gap-4 md:grid-cols-4">
      {cards.map(([name, value]) => (
        <div key={name} className="rounded-2xl border border-line bg-surface p-4">
          <dt className="text-sm text-muted">{name}</dt>
          <dd className="mt-1 truncate text-xl font-semibold tabular-nums sm:text-2xl">{value}</dd>
        </div>
      ))}
    </dl>
  );
}
