import { messageOf, wrong } from "./errors.js";

// The errors of `visibleTo`: the server alone has them.

export const hiddenPrivate = (Class: string, member: string) =>
  wrong("VISIBLE_TO", `\`${Class}.${member}\` is private and has \`visibleTo\`: no client sees a private field. Leave off \`private: true\` or \`visibleTo\`.`);
export const visibleToFailed = (member: string, cause: unknown) =>
  wrong(
    "VISIBLE_TO",
    `The \`visibleTo\` of \`${member}\` has thrown, which counts as \`false\`: let it return a boolean for every context. (${messageOf(cause)})`,
    cause,
  );
export const visibleToPromise = (member: string) =>
  wrong(
    "VISIBLE_TO",
    `The \`visibleTo\` of \`${member}\` returns a promise, which counts as \`false\`: let \`context\` await what it needs, and return a boolean.`,
  );
