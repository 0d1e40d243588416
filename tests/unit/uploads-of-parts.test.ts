import { expect, test } from "vitest";
import { Uploads } from "../../react/parts/uploads.js";

const pause = () => new Promise((resolve) => setTimeout(resolve));

/** An event whose calls end when the test says so. */
function held() {
  const calls: { file: File; cancelled: boolean; progress(part: number): void; end(value: string): Promise<unknown>; fail(error: object): Promise<unknown> }[] =
    [];
  const send = (file: File) => {
    const hands: { resolve?(value: string): void; reject?(error: object): void } = {};
    const promise = new Promise<string>((resolve, reject) => Object.assign(hands, { resolve, reject }));
    const sent = Object.assign(promise, { onProgress: undefined as ((part: number) => void) | undefined, cancel: () => void (call.cancelled = true) });
    const call = {
      file,
      cancelled: false,
      progress: (part: number) => sent.onProgress?.(part),
      end(value: string) {
        hands.resolve?.(value);
        return pause();
      },
      fail(error: object) {
        hands.reject?.(error);
        return pause();
      },
    };
    calls.push(call);
    return sent;
  };
  return { calls, send };
}

const files = (...names: string[]) => names.map((name) => new File([name], name));
const phases = (uploads: Uploads<string>) => uploads.list.get().map(({ file, phase }) => `${file.name} ${phase}`);

test("three files are on their way at once, and the others wait for their turn", async () => {
  const { calls, send } = held();
  const uploads = new Uploads<string>();
  uploads.send = send;
  uploads.add(files("a", "b", "c", "d"));
  expect(phases(uploads)).toEqual(["a sending", "b sending", "c sending", "d waiting"]);
  await calls[1]?.end("B");
  expect(phases(uploads)).toEqual(["a sending", "b done", "c sending", "d sending"]);
  calls[0]?.progress(0.5);
  expect(uploads.list.get()[0]).toMatchObject({ progress: 0.5, phase: "sending" });
  expect(uploads.list.get()[1]).toMatchObject({ value: "B", progress: 1 });
});

test("a file that is refused says why, and can be sent again", async () => {
  const { calls, send } = held();
  const uploads = new Uploads<string>();
  uploads.send = send;
  uploads.add(files("a"));
  await calls[0]?.fail({ code: "INVALID", message: "Too large." });
  const [upload] = uploads.list.get();
  expect(upload).toMatchObject({ phase: "refused", error: { message: "Too large." } });
  uploads.retry(upload?.id as number);
  expect(uploads.list.get()).toMatchObject([{ phase: "sending", error: undefined, progress: 0 }]);
  await calls[1]?.end("A");
  expect(phases(uploads)).toEqual(["a done"]);
});

test("a refusal is nobody's but the list's while somebody sees that, and else goes where errors go that nobody awaits", async () => {
  for (const shown of [true, false]) {
    const { calls, send } = held();
    const uploads = new Uploads<string>();
    let heard = false;
    // As a call of an event learns whether somebody awaits it.
    function then(this: Promise<string>, ...hands: []) {
      heard = true;
      return Promise.prototype.then.apply(this, hands);
    }
    uploads.send = (file) => Object.assign(send(file), { then }) as unknown as ReturnType<typeof send>;
    uploads.shown = shown;
    uploads.add(files("a"));
    await calls[0]?.fail({ code: "INVALID", message: "Too large." });
    expect([phases(uploads), heard]).toEqual([["a refused"], shown]);
  }
});

test("a file that is cancelled, or taken off the list, ends its call and lets the next one begin", async () => {
  const { calls, send } = held();
  const uploads = new Uploads<string>();
  uploads.send = send;
  uploads.add(files("a", "b", "c", "d", "e"));
  const [a, b] = uploads.list.get().map(({ id }) => id) as [number, number];
  uploads.cancel(a);
  uploads.remove(b);
  expect(calls.map(({ cancelled }) => cancelled)).toEqual([true, true, false, false, false]);
  expect(phases(uploads)).toEqual(["a cancelled", "c sending", "d sending", "e sending"]);
  // The refusal of the call that was cancelled comes later, and changes nothing.
  await calls[0]?.fail({ code: "CANCELLED" });
  await calls[1]?.fail({ code: "CANCELLED" });
  expect(phases(uploads)).toEqual(["a cancelled", "c sending", "d sending", "e sending"]);
});

test("a file that has ended is not cancelled, and one on its way is not sent a second time", async () => {
  const { calls, send } = held();
  const uploads = new Uploads<string>();
  uploads.send = send;
  uploads.add(files("a", "b", "c", "d"));
  const [a, b, , d] = uploads.list.get().map(({ id }) => id) as [number, number, number, number];
  await calls[0]?.end("A");
  // As a click that comes just after the answer.
  uploads.cancel(a);
  uploads.retry(a);
  uploads.retry(b);
  uploads.cancel(d);
  uploads.cancel(d);
  expect(phases(uploads)).toEqual(["a done", "b sending", "c sending", "d cancelled"]);
  expect(calls.map(({ file, cancelled }) => [file.name, cancelled])).toEqual([
    ["a", false],
    ["b", false],
    ["c", false],
    ["d", true],
  ]);
});
