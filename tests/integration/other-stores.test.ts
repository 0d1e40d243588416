import { computed, current, EventError, event, state } from "twinstate";
import { scope } from "twinstate/server";
import { pair as pairOver } from "twinstate/testing";
import { expect, test } from "vitest";
import { SOCKET_EVENTS, TRANSPORT } from "../kit/transport.js";

// Computeds that read another store of their scope instance. Behaviour 7 is numbered as in the list of behaviours of other systems: see behaviours.test.ts.

const pair: typeof pairOver = (options) => pairOver({ transport: TRANSPORT, socketEvents: SOCKET_EVENTS, ...options });

class Auth {
  @state name = "nobody";
  @state groups: { title: string; members: string[] }[] = [];
  @event signIn(name: string) {
    this.name = name;
  }
  @event found(title: string) {
    this.groups.push({ title, members: [] });
  }
  @event join(title: string) {
    this.groups.find((group) => group.title === title)?.members.push(this.name);
  }
  @event async fail(name: string, ms: number) {
    this.name = name;
    this.groups.push({ title: "open", members: [] });
    await new Promise((resolve) => setTimeout(resolve, ms));
    throw new EventError("FORBIDDEN", "no");
  }
}

class Page {
  @state greetings = 0;
  /** Another store: no state of this one. */
  #auth: Auth | undefined;
  protected async onLoad() {
    this.#auth = await current().get(Auth);
  }
  @computed get greeting() {
    return `Hello, ${this.#auth?.name}`;
  }
  @computed get shout() {
    return this.greeting.toUpperCase();
  }
  @computed get groups() {
    return this.#auth?.groups;
  }
  @computed get mine() {
    return { groups: this.#auth?.groups.filter(({ members }) => members.includes(this.#auth?.name ?? "")), greeting: this.greeting };
  }
  @event greet() {
    this.greetings++;
  }
}

const stores = { auth: scope.shared(Auth), page: scope.shared(Page) };

test("behaviour 7: a computed that reads another store is sent again when that store changes, by an event that knows nothing of the computed's store", async () => {
  await using net = pair({ stores });
  const page = await net.client().page();
  const auth = await net.client().auth();
  expect([page.greeting, page.shout]).toEqual(["Hello, nobody", "HELLO, NOBODY"]);
  await auth.signIn("Ann");
  await net.quiet();
  expect([page.greeting, page.shout]).toEqual(["Hello, Ann", "HELLO, ANN"]);
  await net.server.auth().signIn("Bob");
  await net.quiet();
  expect([page.greeting, page.shout]).toEqual(["Hello, Bob", "HELLO, BOB"]);
});

test("behaviour 7: containers of another store are copies in a computed, which follow all that changes in them", async () => {
  await using net = pair({ stores });
  const page = await net.client().page();
  const auth = await net.client().auth();
  await auth.signIn("Ann");
  await auth.found("readers");
  await auth.found("writers");
  await net.quiet();
  const [, writers] = page.groups ?? [];
  for (const title of ["readers", "readers"]) {
    await auth.join(title);
    await net.quiet();
    expect(page.groups).toEqual(auth.groups);
    expect(page.mine).toEqual({ groups: auth.groups.slice(0, 1), greeting: "Hello, Ann" });
  }
  expect(page.groups?.[1]).toBe(writers);
});

test("behaviour 7: whoever comes while an event changes another store sees its committed state, and no more when that event fails", async () => {
  await using net = pair({ stores });
  const auth = await net.client().auth();
  await auth.found("readers");
  await net.client().page();
  const failing = auth.fail("Eve", 100).catch((error: EventError) => error.code);
  await net.wait(50);
  const late = await net.client().page();
  expect([late.greeting, late.groups]).toEqual(["Hello, nobody", [{ title: "readers", members: [] }]]);
  expect(await net.server.page().$snapshot()).toMatchObject({ greeting: "Hello, nobody" });
  expect(await failing).toBe("FORBIDDEN");
  await net.quiet();
  expect([late.greeting, late.groups]).toEqual(["Hello, nobody", [{ title: "readers", members: [] }]]);
  await auth.signIn("Ann");
  await net.quiet();
  expect(late.greeting).toBe("Hello, Ann");
});

test("behaviour 7: a store that is first watched while an event changes another one sees the committed state of both", async () => {
  await using net = pair({ stores });
  const auth = await net.client().auth();
  await net.server.page().greet();
  const failing = auth.fail("Eve", 100).catch((error: EventError) => error.code);
  await net.wait(50);
  const page = await net.client().page();
  expect([page.greeting, page.groups]).toEqual(["Hello, nobody", []]);
  await failing;
  await auth.signIn("Ann");
  await net.quiet();
  expect([page.greeting, page.groups]).toEqual(["Hello, Ann", []]);
});
