import { createHash } from "node:crypto";
import type { Storage } from "twinstate/server";
import type { RedisOptions } from "../../server/storage/redis.js";
import { withBug } from "../crash/bugs.js";

/** Mistakes that `redis()` could make, to see that they are noticed. The sequence alone refuses what a late owner writes, so both checks go with the fence. */
export type Planted = "fence check removed" | "fence check alone removed" | "sequence check removed" | "dedupe off";

const FENCE = "if refused(prefix, m[1], token) then return FENCED end";
const SEQUENCE = "if not begins and (m[2] ~= incarnation or s ~= 1 or (r ~= 0 and r ~= 1)) then";

const without: Readonly<Record<Planted, readonly string[]>> = {
  "fence check removed": [FENCE, SEQUENCE],
  "fence check alone removed": [FENCE],
  "sequence check removed": [SEQUENCE],
  "dedupe off": [],
};

/** The script as it is. */
let whole: string | undefined;

/** Opens a storage with a mistake. All storages of the process have it until another one is opened. */
export async function openPlanted(url: string, planted: Planted | undefined, options: RedisOptions = {}): Promise<Storage> {
  const { hashes, scripts } = (await import("../../server/storage/redis-scripts.js")) as Readonly<Record<"hashes" | "scripts", { append: string }>>;
  whole ??= scripts.append;
  scripts.append = whole;
  for (const check of planted ? without[planted] : []) {
    if (!scripts.append.includes(check)) throw new Error(`The script has no more what would be removed of it: ${check}`);
    scripts.append = scripts.append.replace(check, check === FENCE ? "" : "if false then");
  }
  hashes.append = createHash("sha1").update(scripts.append).digest("hex");
  const { redis } = await import("twinstate/server/redis");
  const storage = redis(url, { warn: () => {}, ...options });
  return withBug(storage, planted === "dedupe off" ? planted : undefined);
}
