import { event, state } from "twinstate";
import { lasting, pair } from "twinstate/testing";
import { expect, test } from "vitest";

class Card {
  @state title = "first";
}

class Note {
  @state note?: string = "first";
  @state card = new Card();
  @state plain: { note?: string } = { note: "first" };

  @event remove(): void {
    delete this.note;
  }
  @event removeOfModel(): void {
    delete (this.card as Partial<Card>).title;
  }
  @event define(): void {
    Object.defineProperty(this, "note", { value: "defined", writable: true });
  }
  @event defineOnModel(): void {
    Object.defineProperty(this.card, "title", { get: () => "defined" });
  }
  @event reflect(): boolean[] {
    return [
      Reflect.deleteProperty(this, "note"),
      Reflect.deleteProperty(this.card, "title"),
      Reflect.defineProperty(this, "note", { value: "defined" }),
      Reflect.defineProperty(this.card, "title", { value: "defined" }),
    ];
  }
  @event freeze(): void {
    Object.preventExtensions(this);
    Object.seal(this.card);
    Object.freeze(this);
  }
  @event freezePlain(): void {
    Object.freeze(this.plain);
  }
  @event dress(): void {
    Object.setPrototypeOf(this, { set: 1 });
    Object.setPrototypeOf(this.card, null);
  }
  @event dressPlain(): void {
    Object.setPrototypeOf(this.plain, null);
  }
  @event({ optimistic: true }) set(text: string | undefined): string | undefined {
    this.note = text;
    this.card.title = `${text}`;
    return this.note;
  }
  @event({ optimistic: true }) removeAtOnce(): void {
    this.note = "before";
    delete this.note;
  }
  @event clear(): void {
    delete this.plain.note;
  }
}

const ATTEMPTS = ["remove", "removeOfModel", "define", "defineOnModel", "freezePlain", "dressPlain", "removeAtOnce"] as const;

test("whatever an event does to an instance, its fields stay state: sent, undone and stored", async () => {
  await using net = pair({ stores: { note: Note }, models: { Card }, storage: lasting(), log: () => {} });
  const client = net.client();
  const note = await client.note();
  const server = () => net.server.note(net.session(client));
  let n = 0;
  const goesOn = async () => {
    const text = `round ${++n}`;
    expect(await note.set(text)).toBe(text);
    expect([note.note, note.card.title]).toEqual([text, text]);
    expect(await server().$snapshot()).toMatchObject({ note: text, card: { title: text } });
  };
  for (const attempt of ATTEMPTS) {
    await expect(note[attempt](), attempt).rejects.toMatchObject({ code: "INTERNAL" });
    await goesOn();
  }
  expect(await note.reflect()).toEqual([false, false, false, false]);
  await goesOn();
  await note.dress();
  await goesOn();
  await note.freeze();
  await goesOn();
  net.kill();
  await net.quiet();
  expect(note.note).toBe(`round ${n}`);
  expect(await note.set(undefined)).toBeUndefined();
  net.kill();
  await net.quiet();
  await goesOn();
});

test("`delete` on a plain object that is state: the property is gone, also after a kill", async () => {
  await using net = pair({ stores: { note: Note }, models: { Card }, storage: lasting() });
  const note = await net.client().note();
  await note.clear();
  expect(note.plain).toEqual({});
  net.kill();
  await net.quiet();
  expect(note.plain).toEqual({});
});

test("a predicted `delete` of a field shows nothing that the answer takes back", async () => {
  await using net = pair({ stores: { note: Note }, models: { Card }, browser: { stores: { note: Note }, models: { Card } }, log: () => {} });
  const note = await net.client().note();
  const shown: unknown[] = [];
  note.$subscribe(() => shown.push(note.note));
  await expect(note.removeAtOnce()).rejects.toMatchObject({ code: "INTERNAL" });
  await note.set("again");
  expect([...new Set(shown)]).toEqual(["first", "again"]);
  expect(note.note).toBe("again");
});

class Base {
  helped = 0;
  help(): string {
    return "of the class";
  }
}

class Box extends Base {
  @state value = 0;
  @state card = new Helper();

  @event put(value: number): number {
    this.value = value;
    return value;
  }
  @event all(given: object): void {
    this.value++;
    Object.assign(this, given);
  }
  @event allOfModel(given: object): void {
    Object.assign(this.card, given);
  }
  @event write(name: string): void {
    (this as unknown as Record<string, unknown>)[name] = 2;
  }
  @event async replace(): Promise<void> {
    Object.defineProperty(this, "put", { value: 2 });
  }
  twice(): number {
    return 2 * this.value;
  }
  protected onConnect(): void {
    this.value++;
  }
}

class Helper {
  @state n = 1;
  half(): number {
    return this.n / 2;
  }
}

test("methods of an instance cannot be overwritten: events, lifecycle, and all others", async () => {
  const errors: unknown[] = [];
  await using net = pair({ stores: { box: Box }, models: { Helper }, log: ({ error }) => errors.push(error) });
  const box = await net.client().box();
  const before = box.value;
  for (const given of [{ put: 2 }, { twice: 2 }, { onConnect: null }]) {
    await expect(box.all(given)).rejects.toMatchObject({ code: "INTERNAL" });
    expect(errors.at(-1)).toMatchObject({
      name: "StateError",
      code: "READ_ONLY",
      message: expect.stringContaining(`\`box.${Object.keys(given)[0]}\` is a method`),
    });
  }
  await expect(box.allOfModel({ half: 1 })).rejects.toMatchObject({ code: "INTERNAL" });
  expect(errors.at(-1)).toMatchObject({ code: "READ_ONLY", message: expect.stringContaining("`box.card.half` is a method") });
  expect(box.value, "what the event had changed before").toBe(before);
  await box.replace();
  expect(await box.put(5)).toBe(5);
  // What a class without declarations brings is its own.
  await box.write("help");
});

test("instances that are no state, and a class's prototype, take other methods as before", () => {
  const box = new Box();
  box.put = () => 7;
  expect([box.put(1), Object.keys(box)]).toEqual([7, expect.arrayContaining(["put"])]);
  expect(Object.getOwnPropertyDescriptor(Base.prototype, "help")?.value).toBeTypeOf("function");
  const original = Box.prototype.twice;
  Box.prototype.twice = () => 3;
  expect(new Box().twice()).toBe(3);
  Box.prototype.twice = original;
});
