import { StrictMode, Suspense, useActionState } from "react";
import { useFormStatus } from "react-dom";
import { createRoot, type Root } from "react-dom/client";
import { createHooks } from "twinstate/react";
import { afterEach, beforeEach, expect, test } from "vitest";
import { userEvent } from "vitest/browser";
import type { Scoped } from "../../server/definition/scope.js";
import type { Guests } from "./kit/guests.js";
import { soon } from "./kit/page.js";

interface Twin {
  readonly "~stores": { guests: Scoped<"room", Guests> };
  readonly "~models": {};
}
const { TwinProvider, useGuests } = createHooks<Twin>();

// These pages talk to a real server: what they wait for is the network, which no `act` knows.
let root: Root | undefined;
beforeEach(() => {
  (globalThis as { IS_REACT_ACT_ENVIRONMENT?: boolean }).IS_REACT_ACT_ENVIRONMENT = false;
});
afterEach(() => {
  root?.unmount();
  (globalThis as { IS_REACT_ACT_ENVIRONMENT?: boolean }).IS_REACT_ACT_ENVIRONMENT = true;
});

const seen: string[] = [];
const errors: string[] = [];

function Status() {
  const { pending } = useFormStatus();
  const now = pending ? "sending" : "ready";
  if (seen.at(-1) !== now) seen.push(now);
  return null;
}

function List({ room }: { room: string }) {
  const guests = useGuests(room);
  return <output>{[...guests.list.map(({ name, age }) => `${name} (${age})`), ...guests.notes].join()}</output>;
}

function Plain({ room }: { room: string }) {
  const guests = useGuests(room);
  return (
    <form action={guests.invite.form}>
      <input name="name" aria-label="Name" />
      <input name="age" aria-label="Age" type="number" />
      <button type="submit">Invite</button>
      <Status />
    </form>
  );
}

function Bound({ room }: { room: string }) {
  const guests = useGuests(room);
  return (
    <>
      <form action={guests.note.form.bind(null, "Ann")}>
        <input name="text" aria-label="Note" />
      </form>
      <form action={guests.clear.form}>
        <button type="submit">Clear</button>
      </form>
    </>
  );
}

function WithState({ room }: { room: string }) {
  const guests = useGuests(room);
  const [state, invite, pending] = useActionState(guests.invite.form, undefined);
  return (
    <form action={invite}>
      <input name="name" aria-label="Name" defaultValue={state?.fields.name} />
      <input name="age" aria-label="Age" type="number" defaultValue={state?.fields.age} />
      <button type="submit">Invite</button>
      <p>{pending ? "sending" : `${state?.errors.name ?? ""}|${state?.errors.age ?? ""}|${state?.error?.code ?? ""}|${state?.value ?? ""}`}</p>
    </form>
  );
}

type Page = typeof Plain;

async function open(Page: Page) {
  const room = crypto.randomUUID();
  const element = document.body.appendChild(document.createElement("main"));
  seen.length = 0;
  errors.length = 0;
  root = createRoot(element);
  root.render(
    <StrictMode>
      <TwinProvider onError={(error) => errors.push(error.message)}>
        <Suspense>
          <Page room={room} />
          <List room={room} />
        </Suspense>
      </TwinProvider>
    </StrictMode>,
  );
  await soon(() => expect(element.querySelector("form")).toBeTruthy());
  const field = (label: string) => element.querySelector(`[aria-label="${label}"]`) as HTMLInputElement;
  return {
    field,
    shown: () => element.querySelector("output")?.textContent,
    told: () => element.querySelector("p")?.textContent,
    fill: (label: string, text: string) => userEvent.fill(field(label), text),
    press: (name: string) => userEvent.click([...element.querySelectorAll("button")].find(({ textContent }) => textContent === name) as HTMLElement),
  };
}

test("a form calls its event with its fields, is pending until that is confirmed, and is empty then", async () => {
  const page = await open(Plain);
  await page.fill("Name", "Ann");
  await page.fill("Age", "30");
  await page.press("Invite");
  await soon(() => expect(page.shown()).toBe("Ann (30)"));
  await soon(() => expect(seen).toEqual(["ready", "sending", "ready"]));
  expect([page.field("Name").value, page.field("Age").value, errors]).toEqual(["", "", []]);
});

test("a form without a state tells `onError` of a refusal", async () => {
  const page = await open(Plain);
  await page.fill("Name", "A");
  await page.fill("Age", "30");
  await page.press("Invite");
  await soon(() => expect(errors).toEqual(["Too short"]));
  expect(page.shown()).toBe("");
});

test("with `useActionState` it tells what is wrong with which field, keeps what was typed, and what the event has returned", async () => {
  const page = await open(WithState);
  await page.fill("Name", "A");
  await page.fill("Age", "7");
  await page.press("Invite");
  await soon(() => expect(page.told()).toBe("Too short|Too young|INVALID|"));
  expect([page.field("Name").value, page.field("Age").value]).toEqual(["A", "7"]);
  await page.fill("Name", "nobody");
  await page.fill("Age", "30");
  await page.press("Invite");
  await soon(() => expect(page.told()).toBe("||FORBIDDEN|"));
  await page.fill("Name", "Ann");
  await page.press("Invite");
  await soon(() => expect([page.told(), page.shown()]).toEqual(["|||1", "Ann (30)"]));
  await soon(() => expect([page.field("Name").value, page.field("Age").value]).toEqual(["", ""]));
  expect(errors).toEqual([]);
});

test("first arguments may be bound, and a form may have no fields", async () => {
  const page = await open(Bound);
  await page.fill("Note", "vegetarian");
  await userEvent.keyboard("{Enter}");
  await soon(() => expect(page.shown()).toBe("Ann: vegetarian"));
  await page.press("Clear");
  await page.fill("Note", "late");
  await userEvent.keyboard("{Enter}");
  await soon(() => expect(page.shown()).toBe("Ann: vegetarian,Ann: late"));
  expect(errors).toEqual([]);
});
