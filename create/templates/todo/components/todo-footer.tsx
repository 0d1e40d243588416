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
    <footer className="flex flex-wrap items-center justify-between gap-x-4 gap-y-1 border-t border-line px-2 py-2 text-sm text-muted">
      <fieldset className="flex w-full gap-1 sm:w-auto">
        <legend className="sr-only">Show</legend>
        {FILTERS.map((each) => (
          <label
            key={each}
            className="flex-1 cursor-pointer rounded-lg px-3 py-2 text-center has-checked:bg-line/70 has-checked:text-foreground has-focus-visible:outline-2 has-focus-visible:outline-accent"
          >
            <input type="radio" name="filter" className="sr-only" checked={filter === each} onChange={() => onFilter(each)} />
            {LABELS[each]}
          </label>
        ))}
      </fieldset>
      <div className="flex w-full items-center justify-between sm:w-auto sm:gap-2">
        <span role="status" className="px-3">
          {left} {left === 1 ? "item" : "items"} left
        </span>
        <button
          type="button"
          className="rounded-lg px-3 py-2 transition hover:text-foreground disabled:invisible"
          disabled={left === items.length}
          onClick={clear}
        >
          Clear done
        </button>
      </div>
    </footer>
  );
}
