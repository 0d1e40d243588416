import { current, event, state } from "twinstate";
import { scope } from "twinstate/server";
import { declare } from "./declare.js";

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

const allow = () => true;
/** The stores that are judged: of a session, and of a room. */
export const stores = { log: Log, tally: Tally, roomLog: scope.room(RoomLog, { allow }), roomTally: scope.room(RoomTally, { allow }) };
