import { messageOf, StateError, wrong } from "./errors.js";

// The errors of `keep`: the server has them, and in development the part of the client that keeps fields.

const SAYS: Readonly<Record<string, string>> = {
  private: "is private, so no browser has it to keep: leave off `private: true` or `keep`",
  visibleTo: "has `visibleTo`, and what a browser keeps is read by whoever uses it next: leave off `visibleTo` or `keep`",
  persist: "has `persist: false`: a kept field is stored like others, and the browser's value takes its place. Leave off `persist` or `keep`",
};
export const keepBeside = (Class: string, member: string, option: string) => wrong("KEEP", `\`${Class}.${member}\` has \`keep\` and ${SAYS[option]}.`);
export const keepOnModel = (Class: string, member: string) =>
  wrong("KEEP", `\`${Class}.${member}\` has \`keep\`, and \`${Class}\` is a model: a browser keeps fields of stores. Keep a field of the store that holds it.`);
const OWNERS: Readonly<Record<string, string>> = {
  user: "all devices of a user share it, and each would bring a value of its own",
  room: "many browsers share it, and each would bring a value of its own",
  "keyed-tab": "each key of it is a store of its own, and all would bring the same value",
  shared: "everybody shares it, and each browser would bring a value of its own",
  session: 'all tabs of a browser share it, and each has a `sessionStorage` of its own. Use `keep: "localStorage"`, or `scope.tab(…)` for the store',
  tab: 'a page is rendered without its tab, so a cookie would be of no use. Use `keep: "localStorage"` or `"sessionStorage"`, or give the store session scope',
};
export const keepInScope = (Class: string, member: string, place: string, store: string, kind: string) => {
  const other = kind === "session" || kind === "tab" ? "" : ". Put it into a store of session scope (a bare class), or `scope.tab(…)`";
  return wrong("KEEP", `\`${Class}.${member}\` has \`keep: "${place}"\`, and the store \`${store}\` has ${kind} scope: ${OWNERS[kind]}${other}.`);
};
export const keepUnchecked = (label: string) =>
  wrong(
    "KEEP",
    `\`${label}\` has \`keep\`, and nothing checks what a browser brings: give a schema, \`@state({ keep, input: z.enum(["light", "dark"]) })\`. Fields whose default is a string, a number or a boolean need none.`,
  );
export const keepDefault = (label: string, initial: string, why: string) =>
  wrong("KEEP", `\`${label}\` begins with \`${initial}\`, which the schema of its \`input\` refuses: ${why}. Change the default, or let the schema take it.`);
export const localNotConstructed = (Class: string, cause: unknown) =>
  wrong("KEEP", `\`${Class}\` has kept fields, whose defaults are those of a new instance, and its constructor throws: ${messageOf(cause)}`, cause);
export const tooLargeToKeep = (label: string, place: string, size: number, most: number) =>
  new StateError(
    "TOO_LARGE",
    `\`${label}\` is kept in ${place === "cookie" ? "a cookie" : place}, and its value takes ${size} characters of at most ${most}. Bound it by the event's schema, or leave \`keep\` off.`,
  );
export const tooMuchToKeep = (label: string, place: string, size: number, most: number) =>
  new StateError(
    "TOO_LARGE",
    `With this value of \`${label}\`, the kept fields of this browser take ${size} characters ${place === "cookie" ? "in cookies, which each request brings" : "in storages, which each page brings"}, of at most ${most} together. Bound them by the events' schemas, or leave \`keep\` off.`,
  );
export const notToBeKept = (label: string, cause: unknown) =>
  new StateError("NOT_SENT", `\`${label}\` is kept by the browser as JSON, and its value cannot be written so: ${messageOf(cause)}`, { cause });

// --- in development, in the browser ---

export const keptRefused = (label: string, place: string, name: string) =>
  `twinstate: the server has not taken what the browser keeps of \`${label}\` (${place}, \`${name}\`): it fails the field's check, or an event has just replaced it. The field has its default.`;
export const keptNotWritten = (label: string, place: string, cause: unknown) =>
  `twinstate: the browser does not keep \`${label}\` in ${place}: ${messageOf(cause)}`;
