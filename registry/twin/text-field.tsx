"use client";
import { Field } from "@base-ui/react/field";
import type { ComponentProps } from "react";
import type { FieldOf } from "twinstate/react";
import { INPUT, Labelled, type LabelledProps } from "./labelled";

interface Props extends LabelledProps, Omit<ComponentProps<typeof Field.Control>, "value" | "onChange" | "onBlur" | "ref" | "name" | "className"> {
  field: FieldOf<string> | FieldOf<number>;
}

/** A line of text, or a number with `type="number"`. */
export function TextField({ label, description, disabled, field, ...input }: Props) {
  return (
    <Labelled label={label} description={description} disabled={disabled} problem={field.error?.message}>
      <Field.Control {...input} {...field} className={`${INPUT} h-9`} />
    </Labelled>
  );
}
