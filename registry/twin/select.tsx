"use client";
import { Select as Base } from "@base-ui/react/select";
import { INPUT, Labelled, type LabelledProps } from "./labelled";

interface Props<V extends string> extends LabelledProps {
  /** A field of `useField`. */
  field: { readonly error: { readonly message: string } | undefined; readonly radix: { readonly value: V; onValueChange(value: V): void } };
  options: readonly { readonly value: V; readonly label: string }[];
}

/** One of a few values. */
export function Select<V extends string>({ field, options, ...labelled }: Props<V>) {
  return (
    <Labelled {...labelled} problem={field.error?.message}>
      <Base.Root items={options} value={field.radix.value} onValueChange={(value) => value !== null && field.radix.onValueChange(value)}>
        <Base.Trigger className={`${INPUT} flex h-9 items-center justify-between gap-2`}>
          <Base.Value />
          <Base.Icon aria-hidden className="text-muted-foreground">
            ▾
          </Base.Icon>
        </Base.Trigger>
        <Base.Portal>
          <Base.Positioner sideOffset={4} alignItemWithTrigger={false} className="z-50">
            <Base.Popup className="max-h-(--available-height) min-w-(--anchor-width) overflow-y-auto rounded-md border bg-popover p-1 text-popover-foreground shadow-md outline-none">
              {options.map(({ value, label }) => (
                <Base.Item
                  key={value}
                  value={value}
                  className="flex cursor-default items-center gap-2 rounded-sm py-1.5 pr-8 pl-2 text-sm outline-none data-highlighted:bg-accent data-highlighted:text-accent-foreground"
                >
                  <span aria-hidden className="w-4">
                    <Base.ItemIndicator>✓</Base.ItemIndicator>
                  </span>
                  <Base.ItemText>{label}</Base.ItemText>
                </Base.Item>
              ))}
            </Base.Popup>
          </Base.Positioner>
        </Base.Portal>
      </Base.Root>
    </Labelled>
  );
}
