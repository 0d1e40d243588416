"use client";
import { Field } from "@base-ui/react/field";
import type { FieldOf } from "twinstate/react";
import { INPUT, Labelled, type LabelledProps } from "./labelled";

/** A text of many lines. It grows with what is typed. */
export function TextArea({ field, rows = 3, ...labelled }: LabelledProps & { field: FieldOf<string>; rows?: number }) {
  return (
    <Labelled {...labelled} problem={field.error?.message}>
      <Field.Control render={<textarea rows={rows} />} {...field} className={`${INPUT} field-sizing-content py-2`} />
    </Labelled>
  );
}
