import { act } from "react";
import { ConnectionStatus, useConnection } from "twinstate/react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { join } from "./kit/joined.js";
import { renders, show, useCount } from "./kit/page.js";

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] }));
afterEach(() => void vi.useRealTimers());

function State() {
  useCount("State");
  const { status, pending } = useConnection();
  return <p>{`${status} ${pending}`}</p>;
}

const pass = (ms: number) => act(async () => void vi.advanceTimersByTime(ms));

test("`useConnection()` follows the connection", async () => {
  const client = join();
  const page = await show(client, <State />);
  expect(page.text).toBe("online 0");
  await act(async () => client.status.update({ status: "offline", pending: 2 }));
  expect(page.text).toBe("offline 2");
  await act(async () => client.status.update({ pending: 2 }));
  expect(renders("State")).toBe(2);
});

test("nothing shows while the page is online, nor for a break shorter than a second", async () => {
  const client = join();
  const page = await show(client, <ConnectionStatus />);
  const seen: string[] = [];
  const observer = new MutationObserver(() => void seen.push(page.text));
  observer.observe(page.element, { childList: true, subtree: true, characterData: true });
  await act(async () => client.status.update({ status: "reconnecting" }));
  await pass(999);
  await act(async () => client.status.update({ status: "online" }));
  await pass(10_000);
  await act(async () => client.status.update({ status: "reconnecting" }));
  await pass(999);
  expect([seen, page.element.innerHTML]).toEqual([[], ""]);
  await pass(1);
  expect(page.element.innerHTML).toBe('<div role="status" data-status="reconnecting">Reconnecting…</div>');
  await act(async () => client.status.update({ status: "online" }));
  expect(page.element.innerHTML).toBe("");
  observer.disconnect();
});

test("a break tells how much waits, and what to do", async () => {
  const client = join();
  const page = await show(client, <ConnectionStatus className="banner" />);
  await act(async () => client.status.update({ status: "offline", pending: 1 }));
  await pass(1000);
  expect(page.element.innerHTML).toBe('<div role="status" data-status="offline" class="banner">You are offline. Changes waiting: 1.</div>');
  await act(async () => client.status.update({ pending: 3 }));
  expect(page.text).toBe("You are offline. Changes waiting: 3.");
  await act(async () => client.status.update({ status: "waiting" }));
  expect(page.element.innerHTML).toBe('<div role="status" data-status="waiting" class="banner">The server has not answered yet. Changes waiting: 3.</div>');
  await act(async () => client.status.update({ status: "outdated", pending: 0 }));
  expect(page.text).toBe("There is a new version of this page. Reload it.");
});

test("an app says it in its own words", async () => {
  const client = join();
  const page = await show(client, <ConnectionStatus>{({ status, pending }) => `${status}: ${pending}`}</ConnectionStatus>);
  await act(async () => client.status.update({ status: "offline", pending: 1 }));
  await pass(1000);
  expect(page.text).toBe("offline: 1");
});
