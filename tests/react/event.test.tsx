import { act, StrictMode, useTransition } from "react";
import { EventError, event, type StreamCall, state } from "twinstate";
import { createHooks, type EventState, useEvent } from "twinstate/react";
import { expect, test } from "vitest";
import { ClientCall, type OpenCall } from "../../client/client-call.js";
import { Boundary } from "./kit/boundary.js";
import { join, Source } from "./kit/joined.js";
import { show, soon } from "./kit/page.js";

class Shop {
  @state left = 3;
  @event buy(count: number) {
    if (count > this.left) throw new EventError("FORBIDDEN", `Only ${this.left} left.`);
    this.left -= count;
    return this.left;
  }
}

interface Twin {
  readonly "~stores": { shop: typeof Shop };
  readonly "~models": {};
}
const { useShop } = createHooks<Twin>();

/** A function whose calls end when the test says so. */
function held() {
  const calls: { count: number; end(value: number): Promise<void>; fail(error: unknown): Promise<void> }[] = [];
  const buy = (count: number) => {
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    calls.push({ count, end: (value) => act(async () => resolve(value)), fail: (error) => act(async () => reject(error)) });
    return promise;
  };
  return { calls, buy };
}

type Run = (count: number) => PromiseLike<number>;
type Told = EventState<Promise<number>>;
interface Props {
  buy: Run;
  onRender?(run: Run, state: Told): void;
  throwOnError?: boolean;
}

function Buy({ buy, onRender, throwOnError = false }: Props) {
  const [run, told] = useEvent(buy as (count: number) => Promise<number>, { throwOnError });
  onRender?.(run, told);
  return <p>{[told.pending && "pending", told.error?.message, told.value].filter((part) => part !== false && part !== undefined).join(" ")}</p>;
}

function FromShop(props: Omit<Props, "buy">) {
  return <Buy buy={useShop().buy} {...props} />;
}

const refusal = new EventError("FORBIDDEN", "Nothing is left.");
const click = (run: () => unknown) => act(async () => void run());

test("tells that a call is under way, and what came of it", async () => {
  const shop = new Source("shop", new Shop());
  let run: Run = async () => 0;
  const { element } = await show(join(shop), <FromShop onRender={(it) => (run = it)} />);
  const told: unknown[] = [];
  await click(async () => told.push(await run(2)));
  expect([element.textContent, told]).toEqual(["1", [1]]);
  // What was there before stays until there is something else.
  await click(() => run(2).then(undefined, () => {}));
  expect(element.textContent).toBe("Only 1 left. 1");
  await click(() => run(1));
  expect(element.textContent).toBe("0");
});

test("an error that it tells of goes nowhere else; one that comes when the component is gone goes to `onError`", async () => {
  const shop = new Source("shop", new Shop());
  const client = join(shop);
  const errors: string[] = [];
  client.onError((error) => errors.push(error.message));
  let run: Run = async () => 0;
  const page = await show(client, <FromShop onRender={(it) => (run = it)} />);
  await click(() => run(4));
  await new Promise((resolve) => setTimeout(resolve));
  expect([page.text, errors]).toEqual(["Only 3 left.", []]);
  await page.render(null);
  await click(() => run(5));
  await soon(() => expect(errors).toEqual(["Only 3 left."]));
});

test("several calls at once: pending until the last has ended, and `run` stays the same", async () => {
  const { calls, buy } = held();
  const runs = new Set<Run>();
  const { element } = await show(join(), <StrictMode>{<Buy buy={buy} onRender={(run) => runs.add(run)} />}</StrictMode>);
  const run = [...runs].at(-1) as Run;
  await click(() => [run(1), run(2)]);
  expect(calls.map(({ count }) => count)).toEqual([1, 2]);
  await calls[1]!.end(7);
  expect(element.textContent).toBe("pending 7");
  await calls[0]!.fail(refusal);
  expect(element.textContent).toBe("Nothing is left. 7");
  // StrictMode begins twice; what was thrown away nobody has seen.
  expect([...runs].at(-1)).toBe(run);
});

test("a call that was cancelled, superseded or dropped is no error; `reset()` forgets one", async () => {
  const { calls, buy } = held();
  let run: Run = buy;
  let told: Told | undefined;
  const onRender = (it: Run, state: Told) => {
    run = it;
    told = state;
  };
  const { element } = await show(join(), <Buy buy={buy} onRender={onRender} />);
  for (const code of ["CANCELLED", "SUPERSEDED", "DROPPED"] as const) {
    await click(() => run(1));
    await calls.at(-1)!.fail(new EventError(code, "x"));
    expect(element.textContent).toBe("");
  }
  await click(() => run(1));
  await calls.at(-1)!.fail(refusal);
  expect(element.textContent).toBe("Nothing is left.");
  await act(async () => told?.reset());
  expect(element.textContent).toBe("");
});

test("with `throwOnError` errors come to the nearest boundary", async () => {
  const { calls, buy } = held();
  let run: Run = buy;
  const { element } = await show(
    join(),
    <Boundary>
      <Buy buy={buy} throwOnError onRender={(it) => (run = it)} />
    </Boundary>,
  );
  await click(() => run(1));
  await calls[0]!.fail(refusal);
  expect(element.textContent).toBe("FORBIDDEN: Nothing is left.");
});

test("it calls the event of the last render", async () => {
  const [one, two] = [held(), held()];
  let run: Run = one.buy;
  const onRender = (it: Run) => (run = it);
  const page = await show(join(), <Buy buy={one.buy} onRender={onRender} />);
  const first = run;
  await page.render(<Buy buy={two.buy} onRender={onRender} />);
  await click(() => first(3));
  expect([one.calls.length, two.calls.map(({ count }) => count), run === first]).toEqual([0, [3], true]);
});

function Counting({ call }: { call: () => ClientCall }) {
  const [run, { pending, last, value, cancel }] = useEvent(call as () => StreamCall<number, string>);
  return (
    <>
      <button type="button" onClick={() => void run()}>
        run
      </button>
      <button type="button" onClick={cancel}>
        cancel
      </button>
      <p>{`${pending} ${last} ${value}`}</p>
    </>
  );
}

test("a generator's last yield, beside those who iterate; and `cancel()` for all calls", async () => {
  const opened: OpenCall[] = [];
  const cancelled: unknown[] = [];
  const call = () => {
    const open = ClientCall.open(
      () => cancelled.push(open),
      () => {},
    );
    opened.push(open);
    return open.call;
  };
  const { element } = await show(join(), <Counting call={call} />);
  const [run, cancel] = element.querySelectorAll("button");
  const told = () => element.querySelector("p")?.textContent;
  await click(() => run?.click());
  const first = opened[0] as OpenCall;
  const yields: unknown[] = [];
  void (async () => {
    for await (const one of first.call) yields.push(one);
  })();
  await act(async () => first.yielded(1));
  await act(async () => first.yielded(2));
  expect([told(), yields]).toEqual(["true 2 undefined", [1, 2]]);
  await act(async () => first.resolve("done"));
  expect(told()).toBe("false 2 done");
  await click(() => [run?.click(), run?.click()]);
  expect(told()).toBe("true undefined done");
  // The later of two.
  await act(async () => opened[1]?.yielded(7));
  expect(told()).toBe("true undefined done");
  await click(() => cancel?.click());
  expect(cancelled).toEqual(opened.slice(1));
});

function InTransition({ buy }: { buy: Run }) {
  const [run, { pending, value }] = useEvent(buy as (count: number) => Promise<number>);
  const [isPending, start] = useTransition();
  return (
    <>
      <button
        type="button"
        onClick={() =>
          start(async () => {
            await run(1);
          })
        }
      >
        buy
      </button>
      <p>{`${isPending} ${pending} ${value}`}</p>
    </>
  );
}

test("in a transition, the call keeps it pending until it is confirmed, and what it tells is told at once", async () => {
  const { calls, buy } = held();
  const { element } = await show(join(), <InTransition buy={buy} />);
  await click(() => element.querySelector("button")?.click());
  expect(element.querySelector("p")?.textContent).toBe("true true undefined");
  await calls[0]!.end(5);
  expect(element.querySelector("p")?.textContent).toBe("false false 5");
});
