import { event, schedule, state } from "twinstate";
import { declare } from "./declare.js";
import type { Entry } from "./schedule-checker.js";

/** Makes schedules, and writes down what becomes of them. */
export class Alarms {
  log: Entry[] = [];

  once(id: string, tag: string, ms: number) {
    this.#note("once", id, tag, ms);
    schedule.after(ms, this.ring, [id, tag], { id });
  }

  every(id: string, tag: string, ms: number) {
    this.#note("every", id, tag, ms);
    schedule.every(ms, this.ring, [id, tag], { id });
  }

  cancel(id: string) {
    this.#note("cancel", id, "", 0);
    schedule.cancel(id);
  }

  ring(id: string, tag: string) {
    this.#note("ran", id, tag, 0);
  }

  #note(did: Entry["did"], id: string, tag: string, ms: number) {
    this.log.push({ did, at: Date.now(), id, tag, ms });
  }
}
declare(state, Alarms, "log");
declare(event, Alarms, "once", "every", "cancel", "ring");
