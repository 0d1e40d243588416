import { observer } from "mobx-react-lite";
import { act, StrictMode } from "react";
import type { Person } from "twinstate";
import { usePresence } from "twinstate/react";
import { expect, test } from "vitest";
import { PATIENCE } from "../kit/patience.js";
import { useLiveCanvas } from "./kit/hooks.js";
import { join, ME, preload, Source } from "./kit/joined.js";
import { hydrate, serverHtml, show } from "./kit/page.js";
import { Here, Others } from "./kit/pages.js";
import { Canvas } from "./kit/stores.js";

/** Lets what is under way come, as part of the page's life, until a check holds. */
async function soon(check: () => void): Promise<void> {
  const until = performance.now() + PATIENCE;
  for (;;) {
    await act(async () => new Promise((resolve) => setTimeout(resolve, 20)));
    try {
      return check();
    } catch (error) {
      if (performance.now() > until) throw error;
    }
  }
}

const sources = () => [new Source("canvas", new Canvas(), "a"), new Source("canvas", new Canvas(), "b")] as const;
const idsIn = (canvas: Source<Canvas>) => canvas.instance.people.map(({ id }) => id);
const mine = (canvas: Source<Canvas>) => canvas.instance.people.find(({ id }) => id === ME);
/** Nothing that a component has been given had this tab in it. */
const expectNeverMe = (seen: readonly unknown[]) => {
  for (const one of (seen as Person[][]).flat()) expect(one.id).not.toBe(ME);
};

test("what a component shows is there while it is mounted, and the list has the others alone", async () => {
  const [canvas, other] = sources();
  canvas.people("1", { name: "ann", cursor: 5 });
  canvas.people(ME, { name: "me" });
  const client = join(canvas, other);
  const seen: unknown[] = [];
  const page = await show(
    client,
    <StrictMode>
      <Others own={{ cursor: 1 }} seen={seen} />
    </StrictMode>,
  );
  await soon(() => expect([mine(canvas)?.cursor, page.text]).toEqual([1, "ann 5"]));
  await act(async () => canvas.people("2", { name: "bob", typing: true }));
  expect(page.text).toBe("ann 5, bob - types");
  await page.render(
    <StrictMode>
      <Others own={{ cursor: 2, typing: true }} seen={seen} />
    </StrictMode>,
  );
  await soon(() => expect(mine(canvas)).toMatchObject({ cursor: 2, typing: true }));
  await page.render(
    <StrictMode>
      <Others own={{ cursor: 2, typing: true }} seen={seen} room="b" />
    </StrictMode>,
  );
  await soon(() => expect([mine(canvas)?.cursor, mine(other)?.cursor]).toEqual([undefined, 2]));
  await page.render(<b />);
  await soon(() => expect(mine(other)?.cursor).toBe(undefined));
  // Fields are no queue of each other: the new one may hear before the old one.
  const [first, second, ...then] = client.shown;
  expect([first, second]).toEqual([{ cursor: 1 }, { cursor: 2, typing: true }]);
  expect(then.slice(0, 2)).toEqual(expect.arrayContaining([undefined, { cursor: 2, typing: true }]));
  expect(then.slice(2)).toEqual([undefined]);
  expectNeverMe(seen);
});

test("components show parts of one object; of the same property, the one that was mounted last counts", async () => {
  const [canvas] = sources();
  const client = join(canvas);
  const page = await show(
    client,
    <>
      <Others key="1" own={{ cursor: 1, typing: true }} />
      <Others key="2" own={{ cursor: 2 }} />
      <Others key="3" />
    </>,
  );
  await soon(() => expect(mine(canvas)).toMatchObject({ cursor: 2, typing: true }));
  await page.render(
    <>
      <Others key="1" own={{ cursor: 3, typing: true }} />
      <Others key="2" own={{}} />
    </>,
  );
  await soon(() => expect(mine(canvas)).toMatchObject({ cursor: 3, typing: true }));
  await page.render(<Others key="2" own={undefined} />);
  await soon(() => expect(mine(canvas)).toEqual({ id: ME, name: "me" }));
  expect(client.shown).toEqual([{ cursor: 2, typing: true }, { cursor: 3, typing: true }, undefined]);
});

test("renders that show the same send nothing, and the list stays the same while others do", async () => {
  const [canvas] = sources();
  canvas.people("1", { name: "ann" });
  const client = join(canvas);
  const seen: unknown[] = [];
  const page = await show(client, <Others own={{ cursor: 1 }} seen={seen} />);
  await soon(() => expect([client.shown.length, page.text]).toEqual([1, "ann -"]));
  for (let i = 0; i < 5; i++) await page.render(<Others own={{ cursor: 1 }} seen={seen} />);
  await page.render(<Others own={{ cursor: 2 }} seen={seen} />);
  await soon(() => expect(mine(canvas)?.cursor).toBe(2));
  expect(client.shown).toEqual([{ cursor: 1 }, { cursor: 2 }]);
  expect(new Set(seen.filter((list) => (list as unknown[]).length > 0)).size).toBe(1);
});

test("the list is empty on the server and while the page hydrates, as nobody knows yet who this tab is", async () => {
  const [canvas] = sources();
  canvas.people(ME, { name: "me" });
  canvas.people("1", { name: "ann" });
  const state = preload(canvas);
  const html = await serverHtml("Here", { state });
  expect(html).toBe("<p></p>");
  const seen: unknown[] = [];
  const page = await hydrate(join(canvas), html, <Here state={state} seen={seen} />);
  await soon(() => expect(page.text).toBe("ann -"));
  expect(idsIn(canvas)).toEqual([ME, "1"]);
  expectNeverMe(seen);
});

const Live = observer(function Live() {
  "use no memo";
  const others = usePresence(useLiveCanvas("a").people, { cursor: 4 });
  return <p>{others.map(({ name, cursor }) => `${name} ${cursor}`).join()}</p>;
});

test("a live twin gives the others too, and shows what this tab does", async () => {
  const [canvas] = sources();
  canvas.people("1", { name: "ann", cursor: 1 });
  const page = await show(join(canvas), <Live />);
  await soon(() => expect([page.text, mine(canvas)?.cursor]).toEqual(["ann 1", 4]));
  await act(async () => canvas.people("1", { name: "ann", cursor: 2 }));
  expect(page.text).toBe("ann 2");
  await act(async () => canvas.people("1", undefined));
  expect(page.text).toBe("");
});
