import { join } from "node:path";
import { memory, type Storage } from "twinstate/server";
import { sqlite } from "../../server/storage/sqlite.js";
import { temporaryFolder } from "./files.js";

/** Each storage that there is, on a place of its own for the test that runs. What `open` gives again, after `close()`, is on the same place. */
export const storages: readonly (readonly [name: string, place: () => { open(): Storage }])[] = [
  ["memory", () => ({ open: memory })],
  [
    "sqlite",
    () => {
      const file = join(temporaryFolder(), "twin.db");
      return { open: () => sqlite(file) };
    },
  ],
];
