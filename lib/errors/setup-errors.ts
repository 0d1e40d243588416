import { messageOf, wrong } from "./errors.js";

// Mistakes in the set-up of an app: what `createTwin`, `scope` and the server's options are given. The server alone loads it.

export const noWebSockets = (cause: unknown) => wrong("MISSING_PACKAGE", "`twin.attach()` needs the package `ws`: `npm install ws`.", cause);
export const noRotation = (why: string) => wrong("NO_REQUEST", `\`session.rotate()\` needs a response that can carry the new cookie: ${why}.`);
export const badVisitor = (why: string, cause?: unknown) => wrong("BAD_OPTION", `The \`visitor\` of the context ${why}`, cause);
export const badOption = (option: string, why: string) => wrong("BAD_OPTION", `\`${option}\` ${why}.`);
export const badServer = () =>
  wrong("BAD_OPTION", "`attach()` got no server. Pass the `http.Server`: what `createServer()` gives, or `app.listen()` of Express.");
export const noStores = () => wrong("BAD_STORE", "`createTwin` needs stores: `createTwin({ stores: { todo: Todo } })`.");
export const otherTwin = (name: string) =>
  wrong("TWO_TWINS", `Another twin, with other stores, runs in this process under the name \`${name}\`. Give each its own: \`createTwin({ name })\`.`);
export const badStore = (store: string, why: string) => wrong("BAD_STORE", `The store \`${store}\` ${why}.`);
export const unknownScopeOption = (store: string, scope: string, option: string) =>
  badStore(store, `has an option \`${option}\`, which \`scope.${scope.replace("keyed-", "")}()\` does not know: it takes ${SCOPE_OPTIONS[scope] ?? "`guard`"}`);
const SCOPE_OPTIONS: Readonly<Record<string, string>> = {
  room: "`allow` and `guard`",
  tab: "`guard`, and `keyed` as a boolean",
  "keyed-tab": "`guard` and `keyed`",
};
export const badModel = (model: string, why: string) => wrong("BAD_STORE", `The model \`${model}\` ${why}.`);
export const reservedStore = (store: string) => wrong("NAME_CLASH", `\`${store}\` is a name of twin's own: name the store otherwise.`);
export const reservedEvent = (store: string, event: string) =>
  wrong("NAME_CLASH", `\`${store}\` has an event \`${event}\`, a name that twins, promises, JSON or all objects have for themselves: name it otherwise.`);
export const reservedField = (store: string, field: string) =>
  wrong(
    "NAME_CLASH",
    `\`${store}\` has a field \`${field}\`: names that begin with \`$\` are twin's own, and nobody could read it in a browser. Name it otherwise.`,
  );
export const eventIsHook = (store: string, event: string) =>
  wrong(
    "NAME_CLASH",
    `\`${store}.${event}\` is a lifecycle method, and \`@event\` would let every client call it: leave \`@event\` off, and make it protected.`,
  );
export const eventIsModel = (store: string, event: string) =>
  wrong(
    "NAME_CLASH",
    `\`${store}\` has an event \`${event}\`, which is the name of a model too: \`${store}.${event}\` would name both. Name one of them otherwise.`,
  );
export const noSchema = (store: string, Class: string) =>
  wrong(
    "NOT_COMPILED",
    `The class \`${Class}\` of the store \`${store}\` has neither \`@state\` nor \`@event\`, or its decorators were not compiled: set \`"experimentalDecorators": true\` and \`"emitDecoratorMetadata": true\` in tsconfig.json.`,
  );
export const noAllow = (store: string) =>
  wrong("BAD_STORE", `The room \`${store}\` needs \`allow\`: \`scope.room(Class, { allow: (context, key, store) => … })\`. Who may see it?`);
export const uncheckedWarning = (events: readonly string[]) =>
  wrong(
    "UNCHECKED",
    `Nothing checks the arguments of ${events.map((event) => `\`${event}\``).join(", ")}. Give schemas, \`@event(z.string())\`, or set \`"emitDecoratorMetadata": true\`.`,
  );
export const uncheckedRefused = (events: readonly string[]) => wrong("UNCHECKED", `${uncheckedWarning(events).message} \`requireSchemas\` is set.`);
export const shortSecret = (where: string) =>
  wrong("SECRET", `The secret in ${where} is no text, or has fewer than 16 characters. Make one with \`openssl rand -base64 32\`.`);
export const secretNotKept = (file: string, cause: unknown) =>
  wrong(
    "SECRET",
    `The secret that signs sessions could not be kept in ${file}: all sessions end with this process. Set TWINSTATE_SECRET. (${messageOf(cause)})`,
    cause,
  );
export const inCache = (what: string, cause: unknown) =>
  wrong("NO_REQUEST", `\`${what}\` reads the request, which \`use cache\` cannot: call it in the page, outside what is cached.`, cause);
export const noSessionInPreload = () =>
  wrong(
    "NO_SESSION",
    "`twin.preload()` was asked for the page of a visitor without a session: what it shows is not kept, and another session begins when the page calls. Is `proxy.ts` there, does its `matcher` match this page, and has it the secret of `createTwin({ session })`?",
  );
export const outsideRequest = (what: string, cause: unknown) =>
  wrong(
    "NO_REQUEST",
    `\`${what}\` needs a request: call it in a server component, a server action or a route handler. Elsewhere use an address, as \`twin.todo(sessionId)\`.`,
    cause,
  );
