import { createTwin, scope } from "twinstate/server";
import { Chat, Message } from "./chat";
import { context } from "./context";

export const twin = createTwin({
  stores: { chat: scope.room(Chat, { allow: () => true }) },
  models: { Message },
  context,
});
export type Twin = typeof twin;
