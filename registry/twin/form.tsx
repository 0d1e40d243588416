"use client";
import type { ComponentProps, ReactNode } from "react";
import type { FormParts } from "twinstate/react/parts";

type Form = FormParts<unknown>;

/** A field of a form, with what is wrong with it. */
export function FormField({ form, name, label, ...input }: { form: Form; name: string; label: ReactNode } & Omit<ComponentProps<"input">, "form" | "name">) {
  const problem = form.problemOf(name);
  return (
    <div className="flex flex-col gap-1.5">
      <label htmlFor={form.label(name).htmlFor} className="text-sm font-medium">
        {label}
      </label>
      <input
        {...input}
        {...form.field(name)}
        className="h-9 w-full rounded-md border border-input bg-transparent px-3 text-sm outline-none placeholder:text-muted-foreground focus-visible:border-ring focus-visible:ring-3 focus-visible:ring-ring/50 aria-invalid:border-destructive dark:bg-input/30"
      />
      {problem && (
        <p {...form.message(name)} className="text-sm text-destructive">
          {problem}
        </p>
      )}
    </div>
  );
}

/** The button that sends a form, and what is wrong with the form as a whole. */
export function FormSubmit({ form, children }: { form: Form; children: ReactNode }) {
  return (
    <div className="flex items-center gap-3">
      <button
        type="submit"
        disabled={form.pending}
        className="h-9 rounded-md bg-primary px-4 text-sm font-medium text-primary-foreground outline-none hover:bg-primary/90 focus-visible:ring-3 focus-visible:ring-ring/50 disabled:opacity-50"
      >
        {children}
      </button>
      <p role="alert" className="text-sm text-destructive">
        {form.problem}
      </p>
    </div>
  );
}
