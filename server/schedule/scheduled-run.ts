import { cutOff } from "../../lib/errors/errors.js";
import type { ScheduleRecord } from "../storage/records.js";
import { createGate } from "../task/gate.js";

/** One run of a scheduled event. */
export class ScheduledRun {
  readonly id: string;
  readonly control = new AbortController();
  /** The schedule as the run leaves it; `undefined`: it is over. */
  record: ScheduleRecord | undefined;
  /** The event has committed something: its schedule is over, or has its next time. */
  begun = false;
  /** The server ends: the event runs again in the next process, unless it has begun. */
  cut = false;
  /** The schedule was cancelled, or replaced, before the event began. */
  withdrawn = false;
  /** Resolves when it has ended, however. */
  over: Promise<void> = Promise.resolve();
  /** Resolves when others need not wait for it any more: when it has ended, or runs beside the queue, where it may take as long as it likes. */
  readonly held: Promise<void>;
  readonly release: () => void;

  constructor(id: string, record: ScheduleRecord) {
    this.id = id;
    this.record = record;
    ({ opened: this.held, open: this.release } = createGate());
  }

  cutOff(): void {
    this.cut = true;
    this.control.abort(cutOff());
  }
}
