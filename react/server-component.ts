import { hooksInServer } from "../lib/errors/hook-errors.js";

// What server components get in the place of `twinstate/react`: what they may render or pass on is there, and `createHooks` says what is missing.

export { ConnectionStatus, For, isPending, useConnection, useEvent, useField, useLocal, usePresence } from "./index.js";

export function createHooks(): never {
  throw hooksInServer();
}
