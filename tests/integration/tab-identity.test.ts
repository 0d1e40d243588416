import { current, event, state } from "twinstate";
import { scope } from "twinstate/server";
import { expect, test } from "vitest";
import { encodeValue } from "../../lib/wire/value-codec.js";
import { plainValue, serveTwin, type Visitor } from "../kit/app.js";
import { soon } from "../kit/soon.js";
import { listen } from "../kit/stream.js";

let seen: string[] = [];

class Draft {
  @state text = "";
  @event write(text: string) {
    this.text += text;
    const { connection, eventId } = current();
    return { tab: connection?.id, eventId };
  }
  protected onConnect({ id }: { id: string }) {
    seen.push(`${id} came`);
  }
  protected onDisconnect({ id }: { id: string }) {
    seen.push(`${id} left`);
  }
}

/** A page of a tab: it connects, and calls events under its own numbers. */
class Page {
  #n = 0;
  constructor(
    readonly visitor: Visitor,
    readonly client: string,
  ) {}
  async connect(epoch = 1) {
    const { value, error } = await this.visitor.ask("$connect", { protocol: 2, client: this.client, epoch, watch: [{ store: "draft" }] });
    if (error) throw Object.assign(new Error(error.message), error);
    return listen(this.visitor.url, value, this.visitor.jar);
  }
  write(text: string) {
    return this.visitor.ask("draft.write", {
      args: encodeValue([text]),
      call: { client: this.client, epoch: 1, n: ++this.#n, at: null, seen: 0 },
    });
  }
}

const TAB = "a-tab-of-somebody-0001";

async function start() {
  seen = [];
  const app = await serveTwin({ stores: { draft: scope.tab(Draft) }, grace: 0 });
  const visitor = app.visitor();
  return { ...app, visitor, stranger: app.visitor(), old: new Page(visitor, `${TAB}.old`), next: new Page(visitor, `${TAB}.next`) };
}

test("two pages of a tab have its store together, and each numbers its own events", async () => {
  const { old, next, runtime } = await start();
  const before = await old.connect();
  const written = plainValue(await old.write("a")) as { tab: string; eventId: string };
  const after = await next.connect();
  const snapshot = (await after.until(([kind]) => kind === "snapshot")) as unknown[];
  expect(JSON.stringify(snapshot[6])).toContain('"a"');
  // Both streams are open: the new one has not taken the place of the old.
  expect(runtime.streams.size).toBe(2);
  const answer = plainValue(await next.write("b")) as typeof written;
  expect(answer.tab).toBe(written.tab);
  expect(answer.eventId).not.toBe(written.eventId);
  for (const stream of [before, after]) await stream.until(([kind, , , delta]) => typeof kind === "number" && JSON.stringify(delta).includes("b"));
});

test("the late end of an earlier page's stream is no departure of the tab", async () => {
  const { old, next, runtime } = await start();
  const before = await old.connect();
  await before.until(([kind]) => kind === "snapshot");
  const after = await next.connect();
  await after.until(([kind]) => kind === "snapshot");
  before.close();
  await soon(() => expect(runtime.streams.size).toBe(1));
  await next.write("x");
  const { tab } = plainValue(await next.write("y")) as { tab: string };
  expect(seen).toEqual([`${tab} came`]);
  after.close();
  await soon(() => expect(seen).toEqual([`${tab} came`, `${tab} left`]));
});

test("another session gets neither a tab nor its store, by whichever page it says that it is", async () => {
  const { old, next, visitor, twin, stranger } = await start();
  await old.connect();
  const { tab } = plainValue(await old.write("mine")) as { tab: string };
  await new Page(stranger, "a-tab-of-another-001").connect();
  for (const client of [TAB, `${TAB}.old`, `${TAB}.next`, `${TAB}.another`]) {
    const page = new Page(stranger, client);
    await expect(page.connect()).rejects.toMatchObject({ code: "FORBIDDEN" });
    expect((await page.write("theirs")).error?.code).toBe("FORBIDDEN");
    expect((await stranger.ask("$cancel", { store: "draft", client, n: 1 })).error?.code).toBe("FORBIDDEN");
  }
  expect((await twin.draft(tab).$snapshot()).text).toBe("mine");
  expect((await next.write("!")).error).toBeUndefined();
  expect(visitor.session).not.toBe(stranger.session);
});
