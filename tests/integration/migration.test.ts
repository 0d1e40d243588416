import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { event, state } from "twinstate";
import { createTwin, type LogEntry, type Models, type Stores, type TwinOptions } from "twinstate/server";
import { expect, onTestFinished, test } from "vitest";
import { sqlite } from "../../server/storage/sqlite.js";
import { SECRET } from "../kit/app.js";
import { temporaryFolder } from "../kit/files.js";

class Item {
  @state title = "";
  @state done = false;
}

class FirstTodo {
  @state titles: string[] = ["milk"];
  @state gone = new Set(["x"]);
  @state item = new Item();
  @state({ private: true }) protected secret = { when: new Date(7), again: undefined as unknown };
  @event add(title: string) {
    this.titles.push(title);
    this.item.title = title;
    this.secret.again = this.secret;
  }
}

/** One release of an app after the other, on one file. */
function releases() {
  const file = join(temporaryFolder(), "twin.db");
  const logs: LogEntry[] = [];
  return {
    logs,
    async release<S extends Stores, M extends Models = {}, R = void>(
      options: TwinOptions<S, M>,
      run: (twin: ReturnType<typeof createTwin<S, M>>) => Promise<R>,
    ): Promise<R> {
      const twin = createTwin<S, M>({
        name: file,
        session: { secret: SECRET },
        log: (entry) => void logs.push(entry),
        ...options,
        storage: sqlite(file),
      } as TwinOptions<S, M>);
      onTestFinished(() => twin.close());
      try {
        return await run(twin);
      } finally {
        await twin.close();
      }
    },
  };
}

const models = { Item };

async function firstRelease() {
  const { release, logs } = releases();
  await release({ stores: { todo: FirstTodo }, models }, (twin) => twin.todo("ann").add("bread"));
  return { release, logs };
}

test("new fields get their defaults, and removed ones are dropped and logged, without a migration", async () => {
  const { release, logs } = await firstRelease();
  class Todo {
    @state titles: string[] = [];
    @state item = new Item();
    @state tags: string[] = ["new"];
    @state count = 3;
    @event tag(tag: string) {
      this.tags.push(tag);
    }
  }
  await release({ stores: { todo: Todo }, models }, async (twin) => {
    expect(await twin.todo("ann").$snapshot()).toEqual({ titles: ["milk", "bread"], item: { title: "bread", done: false }, tags: ["new"], count: 3 });
    await twin.todo("ann").tag("red");
    await twin.todo("ann").tag("blue");
  });
  expect(logs.map(({ message }) => message).filter((message) => message.includes("dropped"))).toEqual([
    expect.stringContaining("`gone`"),
    expect.stringContaining("`secret`"),
  ]);
  logs.length = 0;
  await release({ stores: { todo: Todo }, models }, async (twin) => {
    expect(await twin.todo("ann").$snapshot()).toMatchObject({ titles: ["milk", "bread"], tags: ["new", "red", "blue"] });
  });
  expect(logs.filter(({ message }) => message.includes("dropped"))).toEqual([]);
});

test("a text that has grown in a removed field, or in a removed model's, keeps nobody from loading what is left", async () => {
  const { release } = releases();
  class Page {
    @state text = "a text that is long enough to be changed in part";
    @state title = this.text;
    @state item: { note: string } | undefined = { note: this.text };
    @event grow(more: string) {
      this.text += more;
      this.title += more;
      if (this.item) this.item.note += more;
    }
  }
  class Later {
    @state title = "";
  }
  await release({ stores: { page: Page } }, async (twin) => {
    for (const more of [" and", " so", " on"]) await twin.page("ann").grow(more);
  });
  await release({ stores: { page: Later } }, async (twin) => {
    expect(await twin.page("ann").$snapshot()).toEqual({ title: "a text that is long enough to be changed in part and so on" });
  });
});

test("a text that grows from the default of a new field is kept, whatever the default is by then", async () => {
  const { release } = releases();
  const text = "a default that is long enough to be changed in part";
  class Note {
    @state of = "";
  }
  class NoteWithText extends Note {
    @state text = text;
  }
  class PageWithNote {
    @state note = new Note();
    @event grow() {
      this.note.of += "!";
    }
  }
  class PageWithText {
    @state note = new NoteWithText();
    @state text = text;
    @event grow() {
      this.note.text += "!";
      this.text += "!";
    }
  }
  class Later extends PageWithText {
    @state override text = "another default";
    static version = 2;
    static migrate(old: { text: string }) {
      old.text += "?";
    }
  }
  await release({ stores: { page: PageWithNote }, models: { Note } }, (twin) => twin.page("ann").grow());
  await release({ stores: { page: PageWithText }, models: { Note: NoteWithText } }, (twin) => twin.page("ann").grow());
  await release({ stores: { page: Later }, models: { Note: NoteWithText } }, async (twin) => {
    expect(await twin.page("ann").$snapshot()).toEqual({ note: { of: "!", text: `${text}!` }, text: `${text}!?` });
  });
});

class SecondTodo {
  static version = 3;
  static from: number[] = [];
  static migrate(old: any, fromVersion: number) {
    SecondTodo.from.push(fromVersion);
    old.items = old.titles.map((title: string) => ({ title, when: old.secret.when }));
    old.items.push(old.item);
    old.same = old.secret.again === old.secret && old.gone.has("x");
  }
  @state items: { title: string; when?: Date }[] = [];
  @state item = new Item();
  @state same = false;
  @event add(title: string) {
    this.items.push({ title });
    this.item.done = true;
    return this.item instanceof Item;
  }
}

test("a store of an earlier version is migrated when it is loaded, with all that it held, and kept so from its next change on", async () => {
  const { release } = await firstRelease();
  const migrated = {
    items: [
      { title: "milk", when: new Date(7) },
      { title: "bread", when: new Date(7) },
      { title: "bread", done: false },
    ],
    item: { title: "bread", done: false },
    same: true,
  };
  SecondTodo.from = [];
  await release({ stores: { todo: SecondTodo }, models }, async (twin) => {
    expect(await twin.todo("ann").$snapshot()).toEqual(migrated);
  });
  // Nothing has changed, so the record is as it was.
  await release({ stores: { todo: FirstTodo }, models }, async (twin) => {
    expect(await twin.todo("ann").$snapshot()).toMatchObject({ titles: ["milk", "bread"] });
  });
  await release({ stores: { todo: SecondTodo }, models }, async (twin) => {
    expect(await twin.todo("ann").add("eggs")).toBe(true);
    await twin.todo("ann").add("tea");
  });
  expect(SecondTodo.from).toEqual([1, 1]);
  await release({ stores: { todo: SecondTodo }, models }, async (twin) => {
    const todo = await twin.todo("ann").$snapshot();
    expect(todo.items.map(({ title }) => title)).toEqual(["milk", "bread", "bread", "eggs", "tea"]);
    // One object in two places.
    expect(todo.items[2]).toBe(todo.item);
    expect(todo.item.done).toBe(true);
  });
  expect(SecondTodo.from).toEqual([1, 1]);
});

test("what `migrate` returns takes the place of what was", async () => {
  const { release } = await firstRelease();
  class Todo {
    static version = 2;
    static migrate = (old: any) => ({ count: old.titles.length, first: old.item });
    @state count = 0;
    @state first = new Item();
    @state titles = ["default"];
  }
  await release({ stores: { todo: Todo }, models }, async (twin) => {
    expect(await twin.todo("ann").$snapshot()).toEqual({ count: 2, first: { title: "bread", done: false }, titles: ["default"] });
  });
});

test("a migration that fails leaves the record as it was, names it, and takes no other store down", async () => {
  const { release, logs } = await firstRelease();
  class Todo {
    static version = 2;
    static migrate(old: { titles: string[] }) {
      old.titles.push("half done");
      throw new Error("no such luck");
    }
    @state titles: string[] = [];
  }
  class Other {
    @state count = 0;
    @event add() {
      return ++this.count;
    }
  }
  await release({ stores: { todo: Todo, other: Other }, models }, async (twin) => {
    await expect(twin.todo("ann").$snapshot()).rejects.toThrow(
      "What is kept of `todo` could not be brought from version 1 to 2, and is left as it is: no such luck",
    );
    expect(await twin.other("ann").add()).toBe(1);
  });
  expect(logs).toBeDefined();
  await release({ stores: { todo: FirstTodo }, models }, async (twin) => {
    expect(await twin.todo("ann").$snapshot()).toMatchObject({ titles: ["milk", "bread"] });
  });
});

test("a later version's record, and one that nothing migrates, are refused", async () => {
  const { release } = await firstRelease();
  class Later extends FirstTodo {
    static version = 5;
  }
  await release({ stores: { todo: Later }, models }, async (twin) => {
    await expect(twin.todo("ann").$snapshot()).rejects.toThrow("has no `static migrate(old, fromVersion)`");
  });
  class Migrating extends FirstTodo {
    static version = 5;
    static migrate() {}
  }
  await release({ stores: { todo: Migrating }, models }, (twin) => twin.todo("ann").add("tea"));
  await release({ stores: { todo: FirstTodo }, models }, async (twin) => {
    await expect(twin.todo("ann").$snapshot()).rejects.toThrow("is of version 5, and its class of version 1: it was written by a later release");
  });
});

test("a dry run looks at all records and changes none; the real one brings them all to their versions", async () => {
  const { release } = releases();
  await release({ stores: { todo: FirstTodo }, models }, async (twin) => {
    for (let i = 0; i < 30; i++) await twin.todo(`s${i}`).add(i === 7 ? "odd" : "bread");
  });
  class Todo {
    static version = 2;
    static migrate(old: { titles: string[]; count: number }) {
      if (old.titles.includes("odd")) throw new Error("odd");
      old.count = old.titles.length;
    }
    @state count = 0;
    @event add() {
      return ++this.count;
    }
  }
  const look = () => release({ stores: { todo: Todo }, models }, (twin) => twin.$migrate({ dryRun: true }));
  for (const _ of [1, 2]) {
    const { records, migrated, failed } = await look();
    expect({ records, migrated }).toEqual({ records: 30, migrated: 29 });
    expect(failed).toEqual([{ id: "session/s7", store: "todo", error: expect.objectContaining({ code: "MIGRATION" }) }]);
  }
  await release({ stores: { todo: Todo }, models }, async (twin) => {
    expect(await twin.$migrate()).toMatchObject({ migrated: 29 });
    expect(await twin.$migrate()).toMatchObject({ migrated: 0, failed: [{ id: "session/s7" }] });
    expect(await twin.todo("s3").add()).toBe(3);
  });
  // The one that could not is as it was.
  await release({ stores: { todo: FirstTodo }, models }, async (twin) => {
    expect(await twin.todo("s7").$snapshot()).toMatchObject({ titles: ["milk", "odd"] });
  });
});

test("a version that is no whole number is refused at start", () => {
  class Todo {
    static version = 1.5;
    @state count = 0;
  }
  expect(() => createTwin({ stores: { todo: Todo } })).toThrow("`static version`");
});

test("the command says what a new release can migrate, without a server", async () => {
  const folder = temporaryFolder();
  const file = join(folder, "twin.db");
  const module = (name: string, body: string) => {
    writeFileSync(
      join(folder, name),
      `import { state, event } from "twinstate";
       import { createTwin } from "twinstate/server";
       import { sqlite } from "twinstate/server/sqlite";
       class Todo { titles = []; add(title) { this.titles.push(title); } ${body} }
       state(Todo.prototype, "titles");
       event(Todo.prototype, "add", Object.getOwnPropertyDescriptor(Todo.prototype, "add"));
       export const twin = createTwin({ stores: { todo: Todo }, storage: sqlite(${JSON.stringify(file)}) });`,
    );
    return join(folder, name);
  };
  const run = (...args: string[]) => spawnSync(process.execPath, ["--no-warnings", "--import", "./tests/kit/sources.mjs", ...args], { encoding: "utf8" });
  const command = (...args: string[]) => run("cli/index.ts", "migrate", ...args);
  const first = module("first.mjs", "");
  run(
    "--input-type=module",
    "-e",
    `const { twin } = await import(${JSON.stringify(first)}); for (const id of "abc") await twin.todo(id).add(id); await twin.close();`,
  );
  const broken = command(
    "--dry-run",
    module("broken.mjs", `static version = 2; static migrate(old) { if (old.titles[0] === "b") throw new Error("no such luck"); }`),
  );
  expect(broken.stdout).toContain("3 records, 2 to migrate, 1 that cannot be migrated");
  expect(broken.stderr).toContain("session/b todo: What is kept of `todo` could not be brought from version 1 to 2");
  expect(broken.status).toBe(1);
  const second = module("second.mjs", "static version = 2; static migrate() {}");
  expect(command(second)).toMatchObject({ stdout: "3 records, 3 migrated, 0 that cannot be migrated\n", status: 0 });
  expect(command("--dry-run", second)).toMatchObject({ stdout: "3 records, 0 to migrate, 0 that cannot be migrated\n", status: 0 });
  writeFileSync(join(folder, "none.mjs"), "export const twin = 1;");
  expect(command(join(folder, "none.mjs")).stderr).toContain("exports no twin");
  writeFileSync(join(folder, "state.ts"), "export {}");
  expect(command(join(folder, "state.ts")).stderr).toContain("`tsx` must be installed");
  expect(command()).toMatchObject({ status: 1, stderr: expect.stringContaining("or name the module: `state/server.ts`") });
});
