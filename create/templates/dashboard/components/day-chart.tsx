import type { Summary } from "@/db/orders";
import { dayOf, money, roundMoney } from "./format";

type Days = Summary["days"];

const HEIGHT = 100;
const WIDTH = 10;
const DAY = 86_400_000;

/** Those days too on which nobody ordered. */
function withGaps(days: Days): Days {
  const [first, last] = [days[0], days.at(-1)];
  if (!first || !last) return [];
  const amounts = new Map(days.map(({ day, amount }) => [day, amount]));
  const length = Math.min(60, (Date.parse(last.day) - Date.parse(first.day)) / DAY + 1);
  return Array.from({ length }, (_, n) => {
    const day = new Date(Date.parse(last.day) - (length - 1 - n) * DAY).toISOString().slice(0, 10);
    return { day, amount: amounts.get(day) ?? 0 };
  });
}

export function DayChart({ days }: { days: Days }) {
  const bars = withGaps(days);
  const most = Math.max(1, ...bars.map(({ amount }) => amount));
  const [first, last] = [bars[0], bars.at(-1)];
  const best = bars.find(({ amount }) => amount === most);
  return (
    <figure className="flex min-w-0 flex-col rounded-2xl border border-line bg-surface p-4">
      <figcaption className="mb-3 flex justify-between gap-2 text-sm text-muted">
        <span>Revenue per day</span>
        {best && <span>up to {roundMoney(most)}</span>}
      </figcaption>
      {best ? (
        <svg
          role="img"
          aria-label={`Revenue per day. The best day is ${dayOf(best.day)} with ${money(best.amount)}.`}
          viewBox={`0 0 ${bars.length * WIDTH} ${HEIGHT}`}
          preserveAspectRatio="none"
          className="h-44 w-full grow fill-accent"
        >
          {bars.map(({ day, amount }, n) => {
            const height = (amount / most) * HEIGHT;
            return (
              <rect
                key={day}
                x={n * WIDTH + 1}
                y={HEIGHT - height}
                width={WIDTH - 2}
                height={height}
                className="transition-all duration-300 motion-reduce:transition-none"
              >
                <title>{`${dayOf(day)}: ${money(amount)}`}</title>
              </rect>
            );
          })}
        </svg>
      ) : (
        <p className="m-auto py-16 text-sm text-muted">No orders.</p>
      )}
      {first && last && (
        <div className="mt-2 flex justify-between text-xs text-muted" aria-hidden="true">
          <span>{dayOf(first.day)}</span>
          <span>{dayOf(last.day)}</span>
        </div>
      )}
    </figure>
  );
}
