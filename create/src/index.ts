#!/usr/bin/env node
// `npm create twinstate`. An older Node cannot even load the rest, so it is loaded after a look at the version.
import { NEEDED, reaches } from "./node-version.js";

// A reader that stops early, as `| head` does, must not end the command: the app is written whole.
for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});

if (reaches(process.versions.node, NEEDED.create)) {
  const { main } = await import("./main.js");
  process.exitCode = await main(process.argv.slice(2));
} else {
  console.error(`create-twinstate needs Node ${NEEDED.create} or newer, and this is ${process.versions.node}. Install a newer one: https://nodejs.org`);
  process.exitCode = 1;
}
