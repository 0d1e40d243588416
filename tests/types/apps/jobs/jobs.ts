import { current, event, state, update } from "twinstate";
import { z } from "zod";
export class Jobs {
  @state progress = 0;
  @state results: string[] = [];
  @event({ background: true }) async upload(file: File) {
    const { signal } = current();
    signal.throwIfAborted();
    let n = 0;
    for (const _ of [1, 2]) {
      n += file.size;
      await update(() => {
        this.progress = n;
      });
    }
    const r = await update(() => this.progress);
    r.toFixed();
    // @ts-expect-error update is synchronous
    await update(async () => {
      this.progress = 1;
    });
    return { bytes: n };
  }
  @event({ queue: "latest" }) async search(text: string) {
    this.results = [text];
    return this.results;
  }
  // @ts-expect-error unknown policy
  @event({ queue: "lates" }) wrongQueue() {}
  @event({ queue: "drop", per: "instance", timeout: 5000 }) async fetchAll() {}
  // @ts-expect-error unknown callers
  @event({ queue: "latest", per: "user" }) wrongCallers() {}
  // @ts-expect-error a deadline is in milliseconds
  @event({ timeout: "5s" }) wrongTimeout() {}
  @event({ background: true }) stop() {
    const ended: number = current().cancel(this.search) + current().cancel(this.upload);
    // @ts-expect-error an event is given as its method
    current().cancel("search");
    return ended;
  }
  // @ts-expect-error the schema's output is a number
  @event(z.number()) a(text: string) {
    void text;
  }
  // @ts-expect-error two parameters, one schema
  @event(z.string()) b(text: string, n: number) {
    void text;
    void n;
  }
  // @ts-expect-error one parameter, two schemas
  @event(z.string(), z.number()) c(text: string) {
    void text;
  }
  // @ts-expect-error a transform changes the type callers must send
  @event(z.string().transform(Number)) d(n: number) {
    void n;
  }
  // @ts-expect-error too narrow a parameter
  @event(z.string()) e(kind: "a" | "b") {
    void kind;
  }
  // @ts-expect-error the optional parameter needs an optional schema
  @event(z.string()) f(text?: string) {
    void text;
  }
  @event(z.string().optional()) g(text?: string) {
    void text;
  }
  @event(z.coerce.number()) h(n: number) {
    void n;
  }
  @event(z.string(), z.number().default(1)) i(text: string, n: number = 1) {
    void text;
    void n;
  }
  @event(z.object({ title: z.string(), tags: z.array(z.string()) })) j({ title, tags }: { title: string; tags: string[] }) {
    void title;
    void tags;
  }
  @event({ input: [z.string()] }) async *k(text: string) {
    yield text;
  }
  // @ts-expect-error wrong in options too
  @event({ input: [z.number()] }) l(text: string) {
    void text;
  }
  @event(z.enum(["a", "b"])) m(kind: "a" | "b") {
    void kind;
  }
  @event(z.file()) n(file: File) {
    void file;
  }
  @event(z.email().brand<"Email">()) o(email: string) {
    void email;
  }
  // generics and overloads
  @event pick<K extends "progress" | "results">(key: K): this[K] {
    return this[key];
  }
  @event echo<T>(value: T): T {
    return value;
  }
  over(a: string): string;
  over(a: number): number;
  @event over(a: any): any {
    return a;
  }
}
