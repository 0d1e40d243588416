import { createTRPCClient, httpBatchStreamLink } from "@trpc/client";
import { fetchRequestHandler } from "@trpc/server/adapters/fetch";
import { EventError, event, state } from "twinstate";
import { scope } from "twinstate/server";
import { expect, test } from "vitest";
import { serveTwin } from "../kit/app.js";
import { gate, reached, renew, wait } from "../kit/gate.js";
import { Jar } from "../kit/http.js";

class Desk {
  @state count = 0;
  @event add(by: number) {
    this.count += by;
    return { count: this.count };
  }
  @event nothing() {}
  @event refuse() {
    throw new EventError("SOLD_OUT" as never, "None is left", { left: 0 } as never);
  }
  @event async slow() {
    await wait();
    return "late";
  }
}

async function start() {
  const app = await serveTwin({ stores: { desk: scope.room(Desk, { allow: () => true }) } });
  const jar = new Jar();
  const requests: string[] = [];
  const get: typeof fetch = (input, init) => {
    requests.push(String(input));
    return jar.fetch(input, init);
  };
  const client = createTRPCClient<typeof app.twin.router>({ links: [httpBatchStreamLink({ url: app.site.url, fetch: get })] });
  return { ...app, client, requests };
}

test("events of one batch are answered as each ends: a slow one holds nobody up, and a refused one is refused alone", async () => {
  renew();
  const { client, requests } = await start();
  const slow = client.desk.slow.mutate({ key: "a", args: [] });
  const fast = client.desk.add.mutate({ key: "b", args: [2] });
  const refused = client.desk.refuse.mutate({ key: "c", args: [] });
  const empty = client.desk.nothing.mutate({ key: "d", args: [] });
  await reached();
  expect(await fast).toEqual({ count: 2 });
  await expect(refused).rejects.toMatchObject({ message: "None is left", data: { code: "SOLD_OUT", data: { left: 0 } } });
  expect(await empty).toBeUndefined();
  expect(requests).toHaveLength(1);
  gate().open();
  expect(await slow).toBe("late");
});

test("an event alone in its batch is answered, also with nothing or a refusal", async () => {
  const { client } = await start();
  expect(await client.desk.add.mutate({ key: "a", args: [3] })).toEqual({ count: 3 });
  expect(await client.desk.nothing.mutate({ key: "a", args: [] })).toBeUndefined();
  await expect(client.desk.refuse.mutate({ key: "a", args: [] })).rejects.toMatchObject({ data: { code: "SOLD_OUT", data: { left: 0 } } });
  await expect(client.desk.add.mutate({ key: "", args: [3] })).rejects.toMatchObject({ data: { code: "INVALID" } });
});

test("a reader of tRPC's own handler and of ours gets the same answers and errors", async () => {
  const { twin, client } = await start();
  const theirs = createTRPCClient<typeof twin.router>({
    links: [
      httpBatchStreamLink({
        url: "http://localhost/twin",
        fetch: (input, init) =>
          fetchRequestHandler({ endpoint: "/twin", req: new Request(String(input), init as RequestInit), router: twin.router, createContext: () => ({}) }),
      }),
    ],
  });
  const ask = (key: string, from: typeof client) =>
    Promise.allSettled([
      from.desk.add.mutate({ key, args: [1] }),
      from.desk.refuse.mutate({ key, args: [] }),
      from.desk.add.mutate({ key, args: "x" as never }),
      from.desk.nothing.mutate({ key, args: [] }),
    ]);
  const told = (answers: Awaited<ReturnType<typeof ask>>) =>
    answers.map((answer) => (answer.status === "fulfilled" ? answer.value : [answer.reason.message, answer.reason.shape, answer.reason.data]));
  expect(told(await ask("ours", client))).toEqual(told(await ask("theirs", theirs)));
});
