import { wrong } from "./errors.js";

// The wording of hooks that are made where there are none: server components alone load it.

export const hooksInServer = () =>
  wrong(
    "USE_CLIENT",
    '`createHooks` was called in a server component, where there are no hooks. Begin the module that calls it, as `state/client.ts`, with `"use client"`, and import it where you need the hooks.',
  );
