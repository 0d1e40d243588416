// One node of a cluster, which will be killed, frozen, cut off and drained. Run by plain Node. It serves once it gets the address of its Redis.
import { createInterface } from "node:readline";
import { createTwin } from "twinstate/server";
import { stores } from "../crash/log.js";
import { serve } from "../kit/http.js";
import { openPlanted, type Planted } from "./planted.js";

const { LEASE, PLANTED, LOUD } = process.env;
console.log("waiting");
for await (const url of createInterface({ input: process.stdin })) {
  const twin = createTwin({
    stores,
    storage: await openPlanted(url, PLANTED as Planted | undefined),
    session: { secret: "a secret for tests alone" },
    leaseTime: Number(LEASE),
    idle: 500,
    log: ({ error, level, message }) => {
      if (LOUD) console.error(level, error);
      const [, count] = /has lost the last (\d+) commits of/.exec(message) ?? [];
      if (count) console.log("lost", count);
    },
  });
  const { origin } = await serve(twin.handlers);
  console.log("serving", new URL(origin).port);
}
// Whoever has started it is gone.
process.exit();
