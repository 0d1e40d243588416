import { effect } from "twinstate";
import { revalidate } from "twinstate/next";
import { createTwin, scope } from "twinstate/server";
import { sqlite } from "twinstate/server/sqlite";
import { Account } from "./account";
import { Board } from "./board";
import { Booking } from "./booking";
import { Bulletin } from "./bulletin";
import { Chat } from "./chat";
import { Checksum } from "./checksum";
import { Contacts } from "./contacts";
import { context } from "./context";
import { isKey } from "./key";
import { Look } from "./look";
import { Message, TextPart, ToolCall } from "./message";
import { Poll } from "./poll";
import { Polls } from "./polls";
import { Profile } from "./profile";
import { Stock } from "./stock";
import { Ticker } from "./ticker";
import { Item, Todo } from "./todo";

export const twin = createTwin({
  stores: {
    todo: Todo,
    board: scope.room(Board, { allow: (_context, key) => isKey(key) }),
    poll: scope.room(Poll, { allow: (_context, _key, poll) => poll.question !== "" }),
    polls: scope.shared(Polls),
    ticker: scope.shared(Ticker),
    chat: scope.room(Chat, { allow: (_context, key) => isKey(key) }),
    account: Account,
    profile: scope.user(Profile, {
      guard({ user }) {
        if (user?.account) return true;
        effect.redirect("/sign-in?next=/account");
        return false;
      },
    }),
    bulletin: scope.shared(Bulletin),
    look: Look,
    contacts: Contacts,
    checksum: Checksum,
    booking: Booking,
    stock: scope.shared(Stock),
  },
  models: { Item, Message, TextPart, ToolCall },
  context,
  storage: sqlite(process.env.TWIN_FILE ?? "twin.db"),
  maxFileSize: 500_000_000,
  requireSchemas: true,
  revalidate,
});
export type Twin = typeof twin;
