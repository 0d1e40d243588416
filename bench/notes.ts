import type { Reasons } from "./report.ts";

/** What the figures do not say themselves: where a goal is missed, or a rival ahead, and why it was left so. */
export const notes: { text: string; reasons: Reasons } = {
  text: "",
  reasons: {},
};
