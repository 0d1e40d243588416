"use client";
import { useTodo } from "@/state/client";
import { FILTERS, type Filter, LABELS } from "./filter";
import { newTodoField } from "./new-todo";

export function TodoFooter({ filter, onFilter }: { filter: Filter; onFilter(filter: Filter): void }) {
  const { left, items, clearDone } = useTodo();

  function clear() {
    newTodoField()?.focus();
    void clearDone();
  }

  return (
    <footer className="flex flex-wrap items-center justify-between gap-x-4 gap-y-2 border-t border-line px-5 py-3 text-sm text-muted">
      <span role="status">
        {left} {left === 1 ? "item" : "items"} left
      </span>
      <fieldset className="flex gap-1">
        <legend className="sr-only">Show</legend>
        {FILTERS.map((each) => (
          <label
            key={each}
            className="cursor-pointer rounded-lg px-3 py-1.5 has-checked:bg-line/70 has-checked:text-foreground has-focus-visible:outline-2 has-focus-visible:outline-accent"
          >
            <input type="radio" name="filter" className="sr-only" checked={filter === each} onChange={() => onFilter(each)} />
            {LABELS[each]}
          </label>
        ))}
      </fieldset>
      <button
        type="button"
        className="rounded-lg px-3 py-1.5 transition hover:text-foreground disabled:invisible"
        disabled={left === items.length}
        onClick={clear}
      >
        Clear done
      </button>
    </footer>
  );
}
