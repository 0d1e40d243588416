"use client";
import { Switch as Base } from "@base-ui/react/switch";
import type { FieldOf } from "twinstate/react";
import { LabelledBeside, type LabelledProps } from "./labelled";

/** On or off, at once. */
export function Switch({ field, ...labelled }: LabelledProps & { field: FieldOf<boolean> }) {
  return (
    <LabelledBeside {...labelled} problem={field.error?.message}>
      <Base.Root
        {...field.radix}
        className="flex h-5 w-9 shrink-0 rounded-full bg-input p-0.5 outline-none transition-colors focus-visible:ring-3 focus-visible:ring-ring/50 data-checked:bg-primary data-disabled:opacity-50"
      >
        <Base.Thumb className="size-4 rounded-full bg-background transition-transform data-checked:translate-x-4 dark:bg-foreground dark:data-checked:bg-primary-foreground" />
      </Base.Root>
    </LabelledBeside>
  );
}
