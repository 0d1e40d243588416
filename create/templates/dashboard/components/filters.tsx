"use client";
import type { ReactNode } from "react";
import { useField } from "twinstate/react";
import { useView } from "@/state/client";
import { CATEGORIES } from "@/state/query";
import { BUTTON, FIELD } from "./button";

export function Filters() {
  const view = useView();
  const search = useField(view, "search");
  const category = useField(view, "category");
  const from = useField(view, "from");
  const to = useField(view, "to");
  const error = [search, category, from, to].find((field) => field.error)?.error;
  return (
    <search aria-label="Filters" className="grid grid-cols-2 items-end gap-3 md:grid-cols-[2fr_1fr_1fr_1fr_auto]">
      <Labelled label="Customer">
        <input {...search} type="search" placeholder="Search" className={FIELD} maxLength={100} autoComplete="off" />
      </Labelled>
      <Labelled label="Category">
        <select {...category} className={FIELD}>
          <option value="all">All</option>
          {CATEGORIES.map((each) => (
            <option key={each}>{each}</option>
          ))}
        </select>
      </Labelled>
      <Labelled label="From">
        <input {...from} type="date" className={FIELD} />
      </Labelled>
      <Labelled label="To">
        <input {...to} type="date" className={FIELD} />
      </Labelled>
      <button type="button" className={`${BUTTON} col-span-2 md:col-span-1`} onClick={() => void view.clear()}>
        Clear
      </button>
      {error && (
        <p role="alert" className="col-span-full text-sm text-red-700 dark:text-red-400">
          {error.message}
        </p>
      )}
    </search>
  );
}

function Labelled({ label, children }: { label: string; children: ReactNode }) {
  return (
    // biome-ignore lint/a11y/noLabelWithoutControl: the field is among the children
    <label className="block min-w-0">
      <span className="mb-1 block text-sm text-muted">{label}</span>
      {children}
    </label>
  );
}
