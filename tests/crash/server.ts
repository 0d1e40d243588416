// A server that will be killed. Run by plain Node.
import { current, event, state } from "twinstate";
import { createTwin, memory, type Storage, scope } from "twinstate/server";
import { sqlite } from "twinstate/server/sqlite";
import { type Bug, withBug } from "./bugs.js";
import { declare } from "./declare.js";
import { takeOrders } from "./orders.js";

/** Takes ids, and gives each to the other store too. */
class Log {
  ids: string[] = [];

  async add(id: string) {
    this.ids.push(id);
    (await (current() as unknown as { get(Class: unknown): Promise<Tally> }).get(this.tally())).ids.push(id);
    return id;
  }

  /** One id for each commit. */
  async *many(...ids: string[]) {
    for (const id of ids) {
      await this.add(id);
      yield id;
    }
    return ids.length;
  }

  protected tally(): typeof Tally {
    return Tally;
  }
}
class Tally {
  ids: string[] = [];
}
class RoomTally extends Tally {}
class RoomLog extends Log {
  protected override tally() {
    return RoomTally;
  }
}

for (const Class of [Log, Tally]) declare(state, Class, "ids");
declare(event, Log, "add", "many");

const { FILE: file, BUG: bug } = process.env;
const storage: Storage = file === undefined ? memory() : withBug(sqlite(file), bug as Bug | undefined);
const allow = () => true;
const twin = createTwin({
  stores: { log: Log, tally: Tally, roomLog: scope.room(RoomLog, { allow }), roomTally: scope.room(RoomTally, { allow }) },
  storage,
  session: { secret: "a secret for tests alone" },
  idle: 500,
  log: ({ level, error }) => level === "error" && console.error(error),
});
await takeOrders(twin);
