"use client";
import { Field } from "@base-ui/react/field";
import type { ReactNode } from "react";

export interface LabelledProps {
  label: ReactNode;
  /** What the value is for. */
  description?: ReactNode;
  /** The value can be seen and not changed. */
  disabled?: boolean | undefined;
}

export const INPUT =
  "w-full rounded-md border border-input bg-transparent px-3 text-sm outline-none placeholder:text-muted-foreground focus-visible:border-ring focus-visible:ring-3 focus-visible:ring-ring/50 disabled:opacity-50 data-invalid:border-destructive dark:bg-input/30";

/** A control with its label above it, what it is for, and why the server refused its value. */
export function Labelled({ label, description, disabled, problem, children }: LabelledProps & { problem: string | undefined; children: ReactNode }) {
  return (
    <Field.Root invalid={problem !== undefined} disabled={disabled} className="flex flex-col items-start gap-1.5">
      <Field.Label className="text-sm font-medium">{label}</Field.Label>
      {children}
      <Notes description={description} problem={problem} />
    </Field.Root>
  );
}

/** A control with its label beside it. */
export function LabelledBeside({ label, description, disabled, problem, children }: LabelledProps & { problem: string | undefined; children: ReactNode }) {
  return (
    <Field.Root invalid={problem !== undefined} disabled={disabled} className="flex flex-col items-start gap-1.5">
      <Field.Label className="flex items-center gap-2 text-sm font-medium">
        {children}
        {label}
      </Field.Label>
      <Notes description={description} problem={problem} />
    </Field.Root>
  );
}

function Notes({ description, problem }: { description: ReactNode; problem: string | undefined }) {
  return (
    <>
      {description && <Field.Description className="text-sm text-muted-foreground">{description}</Field.Description>}
      <Field.Error match={problem !== undefined} role="alert" className="text-sm text-destructive">
        {problem}
      </Field.Error>
    </>
  );
}
