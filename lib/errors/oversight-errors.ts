import { wrong } from "./errors.js";

// Mistakes without a symptom of their own, or with one that says nothing: development tells of them.

export const fieldIsNoState = (store: string, Class: string, field: string, event: string) =>
  wrong(
    "FORGOTTEN_STATE",
    `\`${event}\` has changed \`${field}\` of the class \`${Class}\`, which is no state: \`${store}\` neither sends nor keeps it. Write \`@state ${field}\`, or \`#${field}\` where it is meant so.`,
  );
export const looksLikeHook = (Class: string, method: string, hook: string) =>
  wrong("LIFECYCLE", `\`${method}\` of the class \`${Class}\` is called by nobody: it is no \`@event\`, and no lifecycle method. Did you mean \`${hook}\`?`);
export const lostThis = (event: string, member: string, cause: unknown) =>
  wrong(
    "LOST_THIS",
    `\`${event}\` looked for \`${member}\` on \`undefined\`, and \`${member}\` is a member of its class: if that was \`this\`, it is lost in a callback that is a \`function\`. Write \`() => this.${member}\`.`,
    cause,
  );
export const calledWithoutThis = (Class: string, method: string, member: string, cause?: unknown) =>
  wrong(
    "LOST_THIS",
    `\`${method}\` of the class \`${Class}\` was called without its \`this\`, and asks it for \`${member}\`: \`this\` is lost when a method is passed on. Write \`() => this.${method}()\` in the place of \`this.${method}\`.`,
    cause,
  );
export const unstartedGenerator = (store: string, event: string, method: string) =>
  wrong(
    "UNSTARTED_GENERATOR",
    `\`${store}.${event}\` called \`this.${method}()\`, which is a generator, and did nothing with it: no line of it has run. Write \`yield* this.${method}()\`, or \`for (const one of this.${method}()) …\` (with \`await\` where it is async).`,
  );

/** An event has called a function of `next/navigation`, which throws to end a render. `to`: the address of a redirect. */
export const navigationInEvent = (event: string, to: string | undefined, cause: unknown) =>
  wrong(
    "EVENT_USE",
    to === undefined
      ? `\`${event}\` called \`notFound()\`, or another function of \`next/navigation\` that ends a render: an event is none. Throw \`new EventError("NOT_FOUND", "…")\`; a page answers by \`twin.preload(…, { refused: notFound })\`.`
      : `\`${event}\` called \`redirect("${to}")\` of \`next/navigation\`, which ends a render: an event is none. Call \`effect.redirect("${to}")\` of \`twinstate\`.`,
    cause,
  );
export const browserInEvent = (event: string, name: string, cause: unknown) =>
  wrong(
    "EVENT_USE",
    `\`${event}\` used \`${name}\`, which browsers alone have: events run on the server. ${
      name.endsWith("Storage")
        ? `Write \`@state({ keep: "${name}" })\` for a field that the browser keeps`
        : "Do it in the component, or by an effect, as `effect.toast()`"
    }.`,
    cause,
  );
export const pathInEvent = (event: string, path: string, cause: unknown) =>
  wrong("EVENT_USE", `\`${event}\` fetched \`${path}\`, which has no origin on the server. Call what the route calls, or give the whole address.`, cause);
export const cloneInEvent = (event: string, cause: unknown) =>
  wrong(
    "EVENT_USE",
    `\`${event}\` cloned what state holds, or sent it to a worker: state is made of proxies, which cannot be cloned. Write \`structuredClone(toPlain(value))\`, with \`toPlain\` of \`twinstate\`.`,
    cause,
  );

/** A member that a browser has read, and that no decorator declares. */
export const undeclaredMember = (name: string, member: string, kind: "getter" | "field") =>
  kind === "getter"
    ? wrong(
        "FORGOTTEN_COMPUTED",
        `\`${name}.${member}\` is a getter without \`@computed\`, so browsers do not get its value. Write \`@computed get ${member}()\`.`,
      )
    : wrong("FORGOTTEN_STATE", `\`${name}.${member}\` is a field without \`@state\`, so browsers do not get its value. Write \`@state ${member}\`.`);
