"use client";
import { useState } from "react";
import { useTodo } from "@/state/client";
import { EMPTY, type Filter, shows } from "./filter";
import { NewTodo, newTodoField } from "./new-todo";
import { TodoFooter } from "./todo-footer";
import { TodoRow } from "./todo-row";

export function TodoList() {
  const todo = useTodo();
  const [filter, setFilter] = useState<Filter>("all");
  const shown = todo.items.filter((item) => shows(filter, item));

  /** Removes a row, and gives the focus to its neighbour. */
  function remove(id: string) {
    const at = shown.findIndex((item) => item.id === id);
    const neighbour = shown[at + 1] ?? shown[at - 1];
    const next = neighbour && document.getElementById(`done-${neighbour.id}`);
    (next ?? newTodoField())?.focus();
    void todo.remove(id);
  }

  return (
    <section aria-label="To-do list" className="overflow-hidden rounded-2xl border border-line bg-surface shadow-sm">
      <NewTodo />
      {shown.length > 0 && (
        <ul className="divide-y divide-line border-t border-line">
          {shown.map((item) => (
            <TodoRow key={item.id} item={item} onRemove={() => remove(item.id)} />
          ))}
        </ul>
      )}
      {shown.length === 0 && <p className="border-t border-line px-5 py-10 text-center text-muted">{EMPTY[filter]}</p>}
      {todo.items.length > 0 && <TodoFooter filter={filter} onFilter={setFilter} />}
    </section>
  );
}
