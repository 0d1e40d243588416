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

/** A member that a browser has read, and that no decorator declares. */
export const undeclaredMember = (name: string, member: string, kind: "getter" | "field") =>
  kind === "getter"
    ? wrong(
        "FORGOTTEN_COMPUTED",
        `\`${name}.${member}\` is a getter without \`@computed\`, so browsers do not get its value. Write \`@computed get ${member}()\`.`,
      )
    : wrong("FORGOTTEN_STATE", `\`${name}.${member}\` is a field without \`@state\`, so browsers do not get its value. Write \`@state ${member}\`.`);
