import { event, type Internal, newId, state } from "twinstate";

export interface Entry {
  id: string;
  by: string;
  text: string;
}

/** Beside the board: a store of the same rooms. */
export class Audit {
  @state entries: Entry[] = [];

  @event({ internal: true }) log(this: Internal<this>, by: string, text: string) {
    this.entries.push({ id: newId(), by, text });
  }
}
