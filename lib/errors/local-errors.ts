import { StateError, wrong } from "./errors.js";

// Errors of local stores: the first `useLocal` loads them.

export const noLocalClass = (got: unknown) =>
  wrong(
    "LOCAL",
    `\`useLocal\` takes a class, \`useLocal(Draft)\`, or a function that makes an instance of one, \`useLocal(() => new Draft(title))\`: got ${
      typeof got === "object" && got !== null ? `an instance of \`${got.constructor?.name}\`` : typeof got === "function" ? `\`${got.name}\`` : String(got)
    }.`,
  );
export const noLocalSchema = (Class: string) =>
  wrong(
    "LOCAL",
    `\`useLocal\`: the class \`${Class}\` has neither \`@state\` nor \`@event\`, or its decorators were not compiled: set \`"experimentalDecorators": true\` in tsconfig.json.`,
  );
export const notFresh = (Class: string) =>
  wrong(
    "LOCAL",
    `\`useLocal(() => …)\` was given an instance of \`${Class}\` that is a store already: the function makes a new one each time, \`new ${Class}()\`.`,
  );
export const notLocal = (member: string, what: string, instead: string) =>
  wrong("LOCAL", `\`${member}\` ${what}, which a local store cannot have: it lives in one browser, without a server. ${instead}`);
export const noCaller = (store: string, name: string) =>
  new StateError(
    "OUTSIDE_EVENT",
    `\`current().${name}\` in an event of the local store \`${store}\`: it has no server and no caller. Only \`signal\` is there, before the first \`await\`. Pass what the event needs as an argument.`,
  );
export const noSchedules = (store: string) =>
  new StateError(
    "OUTSIDE_EVENT",
    `\`schedule\` in the local store \`${store}\`: it ends with its component, and no server keeps a schedule of it. Use a timer.`,
  );
export const noAudience = (store: string, effect: string) =>
  new StateError("OUTSIDE_EVENT", `\`effect.everyone\` and \`effect.to()\` in the local store \`${store}\`: it is in one page. Write \`effect.${effect}(…)\`.`);
