// A server that tests send signals to. Run by plain Node.
import { event, state } from "twinstate";
import { attach, createTwin } from "twinstate/server";
import { z } from "zod";
import { declare } from "../crash/declare.js";
import { serve } from "./http.js";

/** What else the process does with the signal. */
export type Otherwise = "nothing" | "ends itself" | "no signals";

class Note {
  text = "";

  write(text: string) {
    this.text = text;
  }

  /** Holds its turn until the server is asked to close. */
  async hold(text: string) {
    process.stdout.write("held\n");
    await new Promise<void>((resolve) => process.once("message", () => resolve()));
    this.text = text;
    return text;
  }
}

declare(state, Note, "text");
declare(event(z.string()), Note, "write", "hold");

const otherwise = process.env.OTHERWISE as Otherwise;
const twin = createTwin({ stores: { note: Note }, session: { secret: "a secret for tests alone" }, signals: otherwise !== "no signals", closeGrace: 100_000 });
const site = await serve(twin.handlers);
await attach(site.server);
site.server.keepAliveTimeout = 100;
// Node's server waits for open streams, as Next's does.
if (otherwise === "ends itself") process.once("SIGTERM", () => site.server.close(() => process.exit(3)));
process.on("message", (message) => {
  if (message !== "close") return;
  void twin.close().then(() => {
    process.stdout.write(`closed, ${process.listenerCount("SIGTERM")} and ${process.listenerCount("SIGINT")} listeners\n`);
    process.disconnect();
    site.server.close();
  });
});
process.stdout.write(`${site.url}\n`);
