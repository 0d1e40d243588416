"use client";
import { useRoom } from "@/state/client";

/** Who is here: each person once, though a person may have several tabs. */
export function People({ id }: { id: string }) {
  const { people } = useRoom(id);
  const names = [...new Set(people.map(({ name }) => name))];
  return (
    <ul aria-label="People here" className="flex shrink-0 -space-x-2">
      {names.slice(0, 5).map((name) => (
        <li key={name} title={name} className="grid size-9 place-items-center rounded-full border-2 border-background bg-accent font-medium text-on-accent">
          <span aria-hidden="true">{[...name.trim()][0]?.toUpperCase()}</span>
          <span className="sr-only">{name}</span>
        </li>
      ))}
      {names.length > 5 && <li className="grid size-9 place-items-center rounded-full border-2 border-background bg-line text-sm">+{names.length - 5}</li>}
    </ul>
  );
}
