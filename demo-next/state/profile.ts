import { event, state } from "twinstate";
import { z } from "zod";

/** What belongs to a user, on all of their devices. */
export class Profile {
  @state note = "";

  @event({ input: [z.string().max(1000)] }) setNote(note: string) {
    this.note = note;
  }
}
