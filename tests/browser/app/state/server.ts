import { effect } from "twinstate";
import { createTwin, scope } from "twinstate/server";
import { Note, Notes, Results, Room } from "./stores";

/** Nobody is a member. */
function guard(_: object, key: string) {
  if (key === "members") effect.redirect("/alone");
  return key !== "members";
}

export const twin = createTwin({
  stores: { notes: Notes, results: Results, room: scope.room(Room, { guard, allow: (_, key) => key !== "closed" }) },
  models: { Note },
  grace: 0,
});
export type Twin = typeof twin;
