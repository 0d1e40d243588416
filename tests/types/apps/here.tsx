import { event, type Person, type Presence, presence, state } from "twinstate";
import { connect } from "twinstate/client";
import { createHooks, usePresence } from "twinstate/react";
import { createTwin, scope } from "twinstate/server";
import { z } from "zod";
import { context } from "./context";
import { type Equal, is } from "./equal";

const Cursor = z.object({ x: z.number(), y: z.number() });
const Own = z.object({ cursor: Cursor.optional(), typing: z.boolean().optional() });
type Own = z.infer<typeof Own>;
const Spot = z.object({ spot: z.number() });

class Room {
  @state title = "";
  @presence({ of: ({ user }) => ({ name: user?.name ?? "?", groups: ["a"] }), input: Own }) people!: Presence<{ name: string; groups: string[] }, Own>;
  @presence({ of: ({ user }) => user && { name: user.name } }) members!: Presence<{ name: string }>;
  @presence({ input: Spot }) spots!: Presence<{}, { spot: number }>;
  @presence count!: Presence;
  @event rename() {
    const value1 = this.people[0]?.name;
    is<Equal<typeof value1, string | undefined>>();
    const value2 = this.people.find(({ id }) => id === "a")?.cursor?.x;
    is<Equal<typeof value2, number | undefined>>();
    // @ts-expect-error the list is read-only
    this.people.push({ id: "", name: "", groups: [] });
    // @ts-expect-error so is each person
    if (this.people[0]) this.people[0].name = "";
  }
}

export class Wrong {
  // @ts-expect-error the field is no list of people
  @presence({ of: () => ({ name: "" }) }) list!: { id: string; name: string }[];
  // @ts-expect-error `of` does not give the name
  @presence({ of: () => ({ title: "" }) }) names!: Presence<{ name: string }>;
  // @ts-expect-error nobody gives the name
  @presence alone!: Presence<{ name: string }>;
  // @ts-expect-error tabs show something that no schema checks
  @presence({ of: () => ({ name: "" }) }) unchecked!: Presence<{ name: string }, Own>;
  // @ts-expect-error the schema checks something else
  @presence({ input: Spot }) other!: Presence<{}, Own>;
  // @ts-expect-error the server says it, so tabs cannot
  @presence({ of: () => ({ spot: 1 }), input: Spot }) both!: Presence<{ spot: number }, { spot: number }>;
  // @ts-expect-error a person has an id
  @presence({ of: () => ({ id: "1" }) }) ids!: Presence<{ id: string }>;
  // @ts-expect-error a private field is not sent
  @presence private hidden!: Presence;
  // @ts-expect-error no such option
  @presence({ persist: true }) kept!: Presence;
  // @ts-expect-error it is seen by all who see the store
  @presence({ of: () => ({ name: "" }), visibleTo: () => true }) some!: Presence<{ name: string }>;
  // @ts-expect-error goes on a field
  @presence method() {
    return this.hidden;
  }
}

const twin = createTwin({ stores: { room: scope.room(Room, { allow: (_, __, room) => room.people.length < 10 }) }, context });
const { useRoom, useLiveRoom } = createHooks<typeof twin>();

export function Here({ cursor }: { cursor: { x: number; y: number } | undefined }) {
  const room = useRoom("a");
  const others = usePresence(room.people, { cursor });
  const value3 = others;
  is<Equal<typeof value3, readonly Person<{ name: string; groups: string[] }, Own>[]>>();
  const value4 = others[0]?.groups;
  is<Equal<typeof value4, readonly string[] | undefined>>();
  usePresence(room.people);
  usePresence(useLiveRoom("a").people, { typing: true });
  usePresence(
    useRoom("a", ({ spots }) => spots),
    { spot: 1 },
  );
  usePresence(useRoom(null as string | null)?.members);
  // @ts-expect-error not what tabs show
  usePresence(room.people, { color: "red" });
  // @ts-expect-error no cursor
  usePresence(room.people, { cursor: 1 });
  // @ts-expect-error what the server says
  usePresence(room.people, { name: "eve" });
  // @ts-expect-error a copy is not the field
  usePresence([...room.people]);
  // @ts-expect-error no list of people
  usePresence(room.title);
  return others.map(({ id, name, cursor }) => `${id} ${name} ${cursor?.x}`);
}

export async function bot() {
  const room = await connect<typeof twin>().room("a");
  room.$present("people", { typing: true });
  room.$present("spots", undefined);
  // @ts-expect-error no field with presence
  room.$present("title", "x");
  // @ts-expect-error not what tabs show
  room.$present("people", { name: "eve" });
  const value5 = room.spots[0]?.spot;
  is<Equal<typeof value5, number | undefined>>();
  return (await twin.room("a").$snapshot()).people[0]?.name.length;
}
