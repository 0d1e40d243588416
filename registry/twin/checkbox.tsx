"use client";
import { Checkbox as Base } from "@base-ui/react/checkbox";
import type { FieldOf } from "twinstate/react";
import { LabelledBeside, type LabelledProps } from "./labelled";

/** Yes or no. */
export function Checkbox({ field, ...labelled }: LabelledProps & { field: FieldOf<boolean> }) {
  return (
    <LabelledBeside {...labelled} problem={field.error?.message}>
      <Base.Root
        {...field.radix}
        className="flex size-4 shrink-0 items-center justify-center rounded-sm border border-input text-xs outline-none focus-visible:border-ring focus-visible:ring-3 focus-visible:ring-ring/50 data-checked:border-primary data-checked:bg-primary data-checked:text-primary-foreground data-disabled:opacity-50 dark:bg-input/30"
      >
        <Base.Indicator aria-hidden>✓</Base.Indicator>
      </Base.Root>
    </LabelledBeside>
  );
}
