import { createTwin, scope } from "twinstate/server";
import { sqlite } from "twinstate/server/sqlite";
import { context } from "./context";
import { Message } from "./message";
import { RoomWithModel } from "./room-with-model";
import { Rooms } from "./rooms";

export const twin = createTwin({
  stores: {
    rooms: scope.shared(Rooms),
    // Everybody may read. The guards of the events say who may write.
    room: scope.room(RoomWithModel, { allow: () => true }),
  },
  models: { Message },
  context,
  storage: sqlite(process.env.TWIN_FILE ?? "data/twin.db"),
  // In production one proxy stands in front: see compose.yaml.
  proxies: process.env.NODE_ENV === "production" ? 1 : 0,
  build: process.env.GIT_SHA,
});
export type Twin = typeof twin;
