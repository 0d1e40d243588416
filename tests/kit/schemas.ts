import type { StandardSchemaV1 } from "@standard-schema/spec";

/** A number above 0. */
export const positive: StandardSchemaV1<number, number> = {
  "~standard": {
    version: 1,
    vendor: "tests",
    validate: (value) => (typeof value === "number" && value > 0 ? { value } : { issues: [{ message: "Expected a positive number" }] }),
  },
};
