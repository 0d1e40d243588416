import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Outflow } from "../../server/http/outflow.js";

const MB = 1 << 20;
const long = (size: number) => "x".repeat(size);
const bodyOf = (outflow: Outflow, text: string) => new Response(outflow.text(text)).body as ReadableStream<Uint8Array>;
const readAll = (body: ReadableStream<Uint8Array>) => rest(body.getReader());
async function rest(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<number> {
  let size = 0;
  for (let read = await reader.read(); !read.done; read = await reader.read()) size += read.value.byteLength;
  return size;
}

beforeEach(() => void vi.useFakeTimers({ toFake: ["setInterval", "clearInterval", "performance"] }));
afterEach(() => void vi.useRealTimers());

test("a short answer is one text, a long one comes whole, in pieces", async () => {
  const outflow = new Outflow(() => MB);
  expect(outflow.text("short")).toBe("short");
  const reader = bodyOf(outflow, long(MB)).getReader();
  expect(outflow.bytes).toBe(MB);
  let size = 0;
  for (let read = await reader.read(); !read.done; read = await reader.read()) {
    expect(read.value.byteLength).toBeLessThanOrEqual(16_384);
    size += read.value.byteLength;
  }
  expect([size, outflow.bytes]).toEqual([MB, 0]);
});

test("past the limit, whoever has taken nothing for longest is cut off, and the others are not", async () => {
  const outflow = new Outflow(() => 3 * MB);
  const [idle, slow, other] = [1, 2, 3].map(() => bodyOf(outflow, long(MB))) as [ReadableStream, ReadableStream, ReadableStream];
  const reading = slow.getReader();
  await reading.read();
  const last = bodyOf(outflow, long(MB));
  expect(outflow.bytes).toBe(3 * MB);
  await expect(readAll(idle)).rejects.toThrow("The answer was not read.");
  expect(await readAll(other)).toBe(MB);
  expect(await readAll(last)).toBe(MB);
  expect(await rest(reading)).toBe(MB - 16_384);
  expect(outflow.bytes).toBe(0);
});

test("one answer alone may be longer than the limit", async () => {
  const outflow = new Outflow(() => MB);
  expect(await readAll(bodyOf(outflow, long(5 * MB)))).toBe(5 * MB);
});

test("of what nothing is read for half a minute, nothing is kept", async () => {
  const outflow = new Outflow(() => 10 * MB);
  const [idle, slow] = [bodyOf(outflow, long(MB)), bodyOf(outflow, long(MB)).getReader()];
  for (let seconds = 0; seconds < 60; seconds += 20) {
    await slow.read();
    vi.advanceTimersByTime(20_000);
  }
  await expect(readAll(idle)).rejects.toThrow("The answer was not read.");
  expect((await slow.read()).done).toBe(false);
  await slow.cancel();
  expect([outflow.bytes, vi.getTimerCount()]).toEqual([0, 0]);
});

test("another body is read no faster than its reader does, and left when it leaves", async () => {
  const outflow = new Outflow(() => 10 * MB);
  let made = 0;
  const left = vi.fn();
  const source = new ReadableStream<Uint8Array>({ pull: (controller) => controller.enqueue(new Uint8Array(++made && MB)), cancel: left }, { highWaterMark: 0 });
  const reader = outflow.paced(source).getReader();
  for (let n = 0; n < 10; n++) await reader.read();
  expect([made, outflow.bytes]).toEqual([1, MB]);
  await reader.cancel();
  expect(left).toHaveBeenCalled();
  expect(outflow.bytes).toBe(0);
});
