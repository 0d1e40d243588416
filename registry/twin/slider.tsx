"use client";
import { Slider as Base } from "@base-ui/react/slider";
import type { ReactNode } from "react";
import type { FieldOf } from "twinstate/react";

interface Props {
  label: ReactNode;
  field: FieldOf<number>;
  min?: number;
  max?: number;
  step?: number;
  disabled?: boolean | undefined;
}

/** A number between two others. While somebody drags, the value is sent when the pointer rests. */
export function Slider({ label, field, min = 0, max = 100, step = 1, disabled = false }: Props) {
  return (
    <Base.Root
      {...field.radix}
      value={Number(field.value)}
      {...{ min, max, step, disabled }}
      thumbAlignment="edge"
      className="flex flex-col gap-1.5 data-disabled:opacity-50"
    >
      <div className="flex justify-between text-sm font-medium">
        <Base.Label>{label}</Base.Label>
        <Base.Value className="tabular-nums" />
      </div>
      <Base.Control className="flex h-9 w-full touch-none items-center select-none">
        <Base.Track className="h-1.5 w-full rounded-full bg-muted">
          <Base.Indicator className="rounded-full bg-primary" />
          <Base.Thumb className="size-4 rounded-full border border-primary bg-background shadow-sm has-focus-visible:ring-3 has-focus-visible:ring-ring/50" />
        </Base.Track>
      </Base.Control>
      {field.error && (
        <p role="alert" className="text-sm text-destructive">
          {field.error.message}
        </p>
      )}
    </Base.Root>
  );
}
