import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type ClientSocket, fetchBySocket } from "../../client/socket.js";
import { readStream } from "../../client/stream.js";
import { encode } from "../../lib/wire/binary.js";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const HELLO = ["hello", { heartbeat: 15 }];

/** A stream of bytes, whose socket this side of the network has in its hands. */
function open(take: (message: unknown, line: AbortController) => void = () => {}) {
  const socket: ClientSocket = { onopen: null, onmessage: null, onerror: null, onclose: null, send: vi.fn(), close: vi.fn() };
  const openSocket = vi.fn((_url: string) => socket);
  const line = new AbortController();
  const taken: unknown[] = [];
  let over = false;
  const refused = vi.fn(async () => undefined);
  const receive = (message: unknown) => {
    taken.push(message);
    take(message, line);
  };
  const { signal } = line;
  const ended = readStream(
    async () =>
      (await fetchBySocket({ options: { openSocket, wire: "binary" }, taker: {}, url: "http://it/twin", ticket: "t", signal, take: receive })) ?? refused(),
    line,
    receive,
  ).then(() => {
    over = true;
  });
  const tell = (listener: unknown, event: object = {}) => (listener as ((event: object) => void) | null)?.(event);
  return {
    socket,
    openSocket,
    taken,
    ended,
    refused,
    open: () => tell(socket.onopen),
    bring: (...messages: unknown[]) => tell(socket.onmessage, { data: new Uint8Array(messages.flatMap((message) => [...encode(message)])).buffer }),
    say: (data: string) => tell(socket.onmessage, { data }),
    /** Whether it still goes on after so many ms. */
    async lives(ms: number) {
      await vi.advanceTimersByTimeAsync(ms);
      return !over;
    },
  };
}

test("messages come in their order, and a line on which nothing comes is alive for three heartbeats", async () => {
  const stream = open();
  expect(stream.openSocket).toHaveBeenCalledWith("ws://it/twin/$socket/binary");
  stream.open();
  expect(stream.socket.send).toHaveBeenCalledWith(`{"ticket":"t"}`);
  stream.bring();
  stream.bring(HELLO, ["snapshot", 1]);
  stream.bring([1, 2]);
  expect(stream.taken).toEqual([HELLO, ["snapshot", 1], [1, 2]]);
  // No message at all is a sign of life.
  for (let n = 0; n < 3; n++) {
    expect(await stream.lives(44_000)).toBe(true);
    stream.bring();
  }
  expect(await stream.lives(44_000)).toBe(true);
  expect(await stream.lives(2000)).toBe(false);
  expect(stream.socket.close).toHaveBeenCalled();
});

test("a socket that opens, and says hello to nobody, is given up", async () => {
  const stream = open();
  stream.open();
  stream.bring();
  expect(await stream.lives(19_000)).toBe(true);
  expect(await stream.lives(2000)).toBe(false);
});

test("what stands behind a message that ends the stream is not taken", async () => {
  const stream = open((message, line) => {
    if ((message as unknown[])[0] === "bye") line.abort();
  });
  stream.open();
  stream.bring(HELLO, ["bye", "closed"], [1, 2]);
  stream.bring([1, 3]);
  await stream.ended;
  expect(stream.taken).toEqual([HELLO, ["bye", "closed"]]);
});

test("a refusal is text, and no stream", async () => {
  const stream = open();
  stream.open();
  stream.say('{"error":{}}');
  await stream.ended;
  expect(stream.taken).toEqual([]);
  expect(stream.refused).toHaveBeenCalledOnce();
});
