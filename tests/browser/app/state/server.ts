import { createTwin, scope } from "twinstate/server";
import { Note, Notes, Results, Room } from "./stores";

export const twin = createTwin({
  stores: { notes: Notes, results: Results, room: scope.room(Room, { allow: (_, key) => key !== "closed" }) },
  models: { Note },
  grace: 0,
});
export type Twin = typeof twin;
