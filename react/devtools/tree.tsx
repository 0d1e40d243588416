import { type ReactNode, useState } from "react";
import { kindLabelOf, type Parts, preview, treePartsOf } from "./parts.js";

/** How many parts are shown at once; of more, ranges. */
const SHOWN = 100;

/** A value under its name. What it holds is looked at when it is opened. */
export function Tree({ name, value }: { name: string; value: unknown }): ReactNode {
  const parts = treePartsOf(value);
  const [open, setOpen] = useState(false);
  const changes = useChanges(value);
  const text = (
    <span key={changes} className={changes > 0 ? "changed" : undefined}>
      <span className="name">{name}</span> <span data-kind={kindLabelOf(value)}>{preview(value)}</span>
    </span>
  );
  if (!parts) return <li className="leaf">{text}</li>;
  return (
    <li>
      <button type="button" className="opener" aria-expanded={open} onClick={() => setOpen(!open)}>
        {text}
      </button>
      {open && <PartsList parts={parts} from={0} to={parts.size} />}
    </li>
  );
}

function PartsList({ parts, from, to }: { parts: Parts; from: number; to: number }): ReactNode {
  if (to - from <= SHOWN)
    return (
      <ul>
        {parts.slice(from, to).map(([name, value], i) => (
          <Tree key={name.endsWith("→") ? from + i : name} name={name} value={value} />
        ))}
      </ul>
    );
  let step = SHOWN;
  while ((to - from) / step > SHOWN) step *= SHOWN;
  const starts = Array.from({ length: Math.ceil((to - from) / step) }, (_, i) => from + i * step);
  return (
    <ul>
      {starts.map((start) => (
        <Range key={start} parts={parts} from={start} to={Math.min(start + step, to)} />
      ))}
    </ul>
  );
}

function Range({ parts, from, to }: { parts: Parts; from: number; to: number }): ReactNode {
  const [open, setOpen] = useState(false);
  return (
    <li>
      <button type="button" className="opener" aria-expanded={open} onClick={() => setOpen(!open)}>
        <span className="name">
          [{from} … {to - 1}]
        </span>
      </button>
      {open && <PartsList parts={parts} from={from} to={to} />}
    </li>
  );
}

/** How often a value has changed since it is shown: what has just changed flashes. */
export function useChanges(value: unknown): number {
  const [last, setLast] = useState({ value, changes: 0 });
  if (Object.is(last.value, value)) return last.changes;
  setLast({ value, changes: last.changes + 1 });
  return last.changes + 1;
}
