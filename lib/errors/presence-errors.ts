import { messageOf, refusal, wrong } from "./errors.js";

// The errors of `@presence`.

export const statePresence = (member: string) =>
  wrong("PRESENCE", `\`${member}\` has two decorators, \`@presence\` and another one: \`@presence\` alone makes it state that is sent, and not stored.`);
export const presenceInModel = (Class: string, member: string) =>
  wrong(
    "PRESENCE",
    `\`${Class}.${member}\` has \`@presence\`, and \`${Class}\` is a model: a tab is connected to a store, not to an object in it. Put the field into the class of the store.`,
  );
export const presenceAlone = (Class: string, member: string, kind: string) =>
  wrong(
    "PRESENCE",
    `\`${Class}.${member}\` has \`@presence\`, and \`${Class}\` is a store of a ${kind}, where nobody else is: use \`scope.room(${Class}, { allow })\`, \`scope.shared(${Class})\` or \`scope.user(${Class})\`.`,
  );
export const badPresenceOf = (label: string, why: string, cause?: unknown) =>
  wrong("PRESENCE", `The \`of\` of \`${label}\` ${why}, so the tab is not listed.`, cause);
export const presenceOfThrew = (label: string, cause: unknown) =>
  badPresenceOf(label, `has thrown: ${messageOf(cause).replace(/\.$/, "")}. Let it return \`null\` for tabs that are not to be listed`, cause);
export const noPresence = (store: string, field: string) =>
  refusal("NOT_FOUND", `\`${store}.${field}\` takes nothing from tabs: it is no field with \`@presence({ input })\`. Give the decorator a schema.`);
export const presenceTooLarge = (label: string, most: number) =>
  refusal(
    "INVALID",
    `What this tab would show in \`${label}\` has more than ${most} characters. Show less: an id or a position, and keep the rest in the store.`,
  );
export const presenceNoObject = (label: string) =>
  refusal("INVALID", `What a tab shows in \`${label}\` is an object, as \`{ cursor }\`: \`@presence({ input })\` must give one.`);
