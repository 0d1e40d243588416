import { randomUUID } from "node:crypto";
import { createElement } from "react";
import { renderToString } from "react-dom/server";
import { computed, type EventError, event, newId, state } from "twinstate";
import { createHooks } from "twinstate/react";
import { createTwin, type LogEntry, scope } from "twinstate/server";
import { expect, onTestFinished, test, vi } from "vitest";
import { z } from "zod";
import { createView } from "../../react/view.js";
import { SECRET, serveTwin } from "../kit/app.js";
import { badDecorators } from "../kit/bad-decorators.js";
import { liveOf, openClient, openTwin } from "../kit/client.js";

// The mistakes that newcomers make, each as they make it. Each is told in one sentence that names it and the way out, where it is made.
// Elsewhere: the server in code of the browser, and hooks made in a server component (`unit/package`); a view that is changed (`react/classes`, `unit/view`).

/** What somebody is told: the code of an error and its message. */
interface Told {
  readonly code?: string;
  readonly message: string;
}

/** What is thrown. */
function thrownBy(make: () => unknown): Told {
  try {
    make();
  } catch (error) {
    return error as EventError;
  }
  throw new Error("Nothing was thrown.");
}

/** What the start of a twin says: its error, or its first warning. */
function start(options: { readonly stores: object; readonly models?: object; readonly name?: string }): Told {
  const logs: LogEntry[] = [];
  try {
    const made = { session: { secret: SECRET }, name: randomUUID(), log: (entry: LogEntry) => void logs.push(entry), ...options };
    const twin = createTwin(made as never) as { close(): Promise<void> };
    onTestFinished(() => twin.close());
  } catch (error) {
    return error as EventError;
  }
  const [first] = logs;
  if (!first) throw new Error("Nothing was said.");
  return first.error as EventError;
}

/** What the server's log says of an event. */
async function logOf(Class: new () => object, name: string): Promise<Told> {
  const app = await serveTwin({ stores: { todo: Class } });
  await app
    .visitor()
    .call(name)
    .catch(() => undefined);
  await expect.poll(() => app.logs.length).toBeGreaterThan(0);
  // An error that is a mistake of ours has one of ours as its warning, too.
  const told = app.logs.map(({ error }) => error as EventError & { cause?: EventError });
  return told.find((one) => one?.name === "StateError") ?? told.find((one) => one?.cause?.name === "StateError")?.cause ?? (told[0] as EventError);
}

/** What a browser without the classes is told, by its live twin and by its view. */
async function readBy<T extends object>(Class: new () => T, read: (twin: T) => unknown, models?: Record<string, new () => object>): Promise<Told> {
  const app = await serveTwin({ stores: { todo: Class as never }, ...(models && { models }) });
  const twin = await openTwin(openClient(app.site.url), "todo");
  const told = thrownBy(() => read(liveOf(twin) as T));
  expect(thrownBy(() => read(createView(twin, undefined).get() as T)).message).toBe(told.message);
  return told;
}

class Todo {
  @state items: { id: string; title: string }[] = [];
  @state count = 0;
  @computed get left() {
    return this.items.length;
  }
  @event add(title: string) {
    this.items.push({ id: newId(), title });
  }
}

const MISTAKES: Readonly<Record<string, readonly [code: string | undefined, words: RegExp, make: () => Told | Promise<Told>]>> = {
  "state is set outside an event": [
    "OUTSIDE_EVENT",
    /`todo` was changed outside an event of `todo`.*`@event` methods.*`update\(\)`/,
    () => {
      class Late extends Todo {
        @event({ background: true }) async later() {
          this.count = 1;
        }
      }
      return logOf(Late, "todo.later");
    },
  ],
  "state is set after the event has ended": [
    "EVENT_ENDED",
    /after it had ended\. Await what it starts/,
    async () => {
      let told: unknown;
      class Late extends Todo {
        @event later() {
          setTimeout(() => {
            try {
              this.count = 1;
            } catch (error) {
              told = error;
            }
          });
        }
      }
      const app = await serveTwin({ stores: { todo: Late } });
      await app.visitor().call("todo.later");
      await expect.poll(() => told).toBeDefined();
      return told as EventError;
    },
  ],
  "`this` is lost in a callback": [
    "LOST_THIS",
    /`todo\.addAll` looked for `add` on `undefined`.*Write `\(\) => this\.add`/,
    () => {
      class Lost extends Todo {
        @event addAll() {
          ["a", "b"].forEach(function (this: Lost, title) {
            this.add(title);
          });
        }
      }
      return logOf(Lost, "todo.addAll");
    },
  ],
  "a method is passed on, and called without its `this`": [
    "LOST_THIS",
    /`bump` of the class `Lost` was called without its `this`, and asks it for `count`.*Write `\(\) => this\.bump\(\)`/,
    () => {
      class Lost extends Todo {
        bump() {
          this.count++;
        }
        @event async later() {
          await Promise.resolve().then(this.bump);
        }
      }
      return logOf(Lost, "todo.later");
    },
  ],
  "a method is passed on that has private members": [
    "LOST_THIS",
    /`bump` of the class `Lost` was called without its `this`, and asks it for `#hits`/,
    () => {
      class Lost extends Todo {
        #hits = 0;
        async bump() {
          return ++this.#hits;
        }
        @event async later() {
          await Promise.resolve().then(this.bump);
        }
      }
      return logOf(Lost, "todo.later");
    },
  ],
  "a method is given to a timer, which has a `this` of its own": [
    "LOST_THIS",
    /`bump` of the class `Lost` was called without its `this`/,
    async () => {
      let told: unknown;
      class Lost extends Todo {
        bump() {
          this.count++;
        }
        @event async later() {
          const { bump } = this;
          // As a timer calls it.
          await new Promise<void>((resolve) => {
            const timer = setTimeout(() => {
              told = thrownBy(() => bump.call(timer as never));
              resolve();
            });
          });
        }
      }
      const app = await serveTwin({ stores: { todo: Lost } });
      await app.visitor().call("todo.later");
      return told as EventError;
    },
  ],
  "`@event` is forgotten, and the method called": [
    "NOT_FOUND",
    /`todo` has no event `clear`\. Did you forget `@event`\?/,
    async () => {
      class Forgot extends Todo {
        clear() {
          this.items.length = 0;
        }
      }
      const app = await serveTwin({ stores: { todo: Forgot } });
      return app
        .visitor()
        .call("todo.clear")
        .then(
          () => ({ message: "nothing" }),
          (error: Told) => error,
        );
    },
  ],
  "`@state` is forgotten": [
    "FORGOTTEN_STATE",
    /has changed `total` of the class `Forgot`, which is no state.*Write `@state total`/,
    () => {
      class Forgot extends Todo {
        total = 0;
        @event count1() {
          this.total++;
        }
      }
      return logOf(Forgot, "todo.count1");
    },
  ],
  "`@computed` is forgotten, and a browser reads the getter": [
    "FORGOTTEN_COMPUTED",
    /`todo\.done` is a getter without `@computed`, so browsers do not get its value\. Write `@computed get done\(\)`/,
    () => {
      class Forgot extends Todo {
        get done() {
          return this.count;
        }
      }
      return readBy(Forgot, (live) => live.done);
    },
  ],
  "`@state` is forgotten, and a browser reads the field": [
    "FORGOTTEN_STATE",
    /`todo\.total` is a field without `@state`, so browsers do not get its value\. Write `@state total`/,
    () => {
      class Forgot extends Todo {
        total = 0;
      }
      return readBy(Forgot, (live) => live.total);
    },
  ],
  "`@event` is forgotten, and a browser calls the method": [
    "NOT_FOUND",
    /`todo` has no event `clear`\. Did you forget `@event`\?/,
    () => {
      class Forgot extends Todo {
        // A class with members that only some see tells of its methods, too.
        @state({ visibleTo: () => false }) notes: string | undefined = "";
        clear() {
          this.items.length = 0;
        }
      }
      return readBy(Forgot, (live) => live.clear());
    },
  ],
  "`@computed` is forgotten on a model, and a browser reads the getter": [
    "FORGOTTEN_COMPUTED",
    /`Item\.short` is a getter without `@computed`, so browsers do not get its value/,
    () => {
      class Item {
        @state title = "milk";
        get short() {
          return this.title.slice(0, 2);
        }
      }
      class List {
        @state first = new Item();
      }
      return readBy(List, (live) => live.first.short, { Item });
    },
  ],
  "`@state` is forgotten on a model, and a browser that has the class reads the field": [
    "FORGOTTEN_STATE",
    /`Item\.done` is a field without `@state`/,
    async () => {
      class Item {
        @state title = "milk";
        done = false;
        get label() {
          return this.done ? "done" : this.title;
        }
      }
      class List {
        @state first = new Item();
      }
      const app = await serveTwin({ stores: { todo: List }, models: { Item } });
      const twin = await openTwin(openClient(app.site.url, { models: { Item } }), "todo");
      const { first } = createView(twin, undefined).get() as List;
      expect([first.title, first instanceof Item]).toEqual(["milk", true]);
      return thrownBy(() => first.label);
    },
  ],
  "a function is put into state": [
    "NOT_STATE",
    /`todo\.any` cannot hold a function|`todo\.any` cannot hold the function/,
    () => {
      class Holding extends Todo {
        @state any: unknown = 0;
        @event hold() {
          this.any = () => 1;
        }
      }
      return logOf(Holding, "todo.hold");
    },
  ],
  "a promise is put into state": [
    "NOT_STATE",
    /`todo\.any` cannot hold a promise\. `await` it first, or return it from a `@computed` getter/,
    () => {
      class Holding extends Todo {
        @state any: unknown = 0;
        @event hold() {
          this.any = Promise.resolve(1);
        }
      }
      return logOf(Holding, "todo.hold");
    },
  ],
  "a getter is async, as a method": ["DECORATOR", /`@computed` on `left`: it goes on a getter/, () => thrownBy(() => badDecorators.asyncGetter())],
  "a hook stands outside the provider": [
    "NO_PROVIDER",
    /`useTodo` is used outside of `<TwinProvider>`\. Put one into the root layout\./,
    () => {
      const { useTodo } = createHooks<{ "~stores": { todo: typeof Todo }; "~models": object }>() as unknown as { useTodo: () => Todo };
      return thrownBy(() => renderToString(createElement(() => createElement("p", null, useTodo().count))));
    },
  ],
  "a twin is changed": [
    "READ_ONLY",
    /`todo` is a twin: it cannot be changed here\. Call one of its events\./,
    async () => {
      const app = await serveTwin({ stores: { todo: Todo } });
      const client = openClient(app.site.url);
      const live = liveOf(await openTwin(client, "todo")) as Todo;
      return thrownBy(() => {
        live.count = 5;
      });
    },
  ],
  "a store has a name of twin's own": ["NAME_CLASH", /`as` is a name of twin's own: name the store otherwise/, () => start({ stores: { as: Todo } })],
  "an event has a name that JSON asks for": [
    "NAME_CLASH",
    /`todo` has an event `toJSON`, a name that twins, promises, JSON or all objects have for themselves/,
    () => {
      class Named extends Todo {
        @event toJSON() {
          return {};
        }
      }
      return start({ stores: { todo: Named } });
    },
  ],
  "an event has a name that all objects have": [
    "NAME_CLASH",
    /`todo` has an event `toString`/,
    () => {
      class Named extends Todo {
        @event override toString() {
          return "todo";
        }
      }
      return start({ stores: { todo: Named } });
    },
  ],
  "a store is changed in server code": [
    "READ_ONLY",
    /`todo` is a twin: it cannot be changed here\. Call one of its events\./,
    async () => {
      const { twin } = await serveTwin({ stores: { todo: scope.shared(Todo) } });
      return thrownBy(() => Object.assign(twin.todo(), { count: 5 }));
    },
  ],
  "the constructor of a store takes an argument": [
    "NOT_CONSTRUCTED",
    /The store `todo` could not be made \(its constructor gets no arguments: give its parameters defaults\): .*'count'/,
    () => {
      class Made extends Todo {
        constructor(options: { count: number }) {
          super();
          this.count = options.count;
        }
        @event go() {}
      }
      return logOf(Made as never, "todo.go");
    },
  ],
  "a lifecycle method is an event": [
    "NAME_CLASH",
    /`todo\.onLoad` is a lifecycle method.*leave `@event` off/,
    () => {
      class Hooked extends Todo {
        @event onLoad() {}
      }
      return start({ stores: { todo: Hooked } });
    },
  ],
  "the decorators are not compiled": ["NOT_COMPILED", /"experimentalDecorators": true/, () => thrownBy(() => badDecorators.standard())],
  "a class is registered as two models": [
    "BAD_STORE",
    /The model `B` is the class of the model `A` too: register it once/,
    () => start({ stores: { todo: Todo }, models: { A: Todo, B: Todo } }),
  ],
  "a room has no `allow`": ["BAD_STORE", /The room `todo` needs `allow`/, () => start({ stores: { todo: scope.room(Todo, undefined as never) } })],
  "a generator is called and not awaited": [
    "UNSTARTED_GENERATOR",
    /`todo\.importAll` called `this\.rows\(\)`, which is a generator.*`yield\* this\.rows\(\)`/,
    () => {
      class Importing extends Todo {
        async *rows() {
          this.count++;
          yield 1;
        }
        @event async importAll() {
          this.rows();
        }
      }
      return logOf(Importing, "todo.importAll");
    },
  ],
  "two modules make a twin": [
    "TWO_TWINS",
    /Another twin, with other stores, runs in this process under the name/,
    () => {
      const name = randomUUID();
      class Other extends Todo {}
      const twin = createTwin({ stores: { other: Other }, session: { secret: SECRET }, name });
      onTestFinished(() => twin.close());
      return start({ stores: { todo: Todo }, name });
    },
  ],
  "a schema refuses the default of its own field": [
    "KEEP",
    /`Prefs\.theme` begins with `auto`, which the schema of its `input` refuses/,
    () => {
      class Prefs {
        @state({ keep: "cookie", input: z.enum(["light", "dark"]) as never }) theme = "auto";
        @event set() {}
      }
      return start({ stores: { prefs: Prefs } });
    },
  ],
  "a lifecycle method is misspelt": [
    "LIFECYCLE",
    /Did you mean `onConnect`\?/,
    () => {
      class Misspelt extends Todo {
        onConect() {}
      }
      return start({ stores: { todo: Misspelt } });
    },
  ],
};

for (const [mistake, [code, words, make]] of Object.entries(MISTAKES)) {
  test(`${mistake}: it is told, with the way out`, async () => {
    const told = await make();
    expect(told.message).toMatch(words);
    if (code !== undefined) expect(told.code).toBe(code);
  });
}

test("a hot reload with which a store got another name is no second twin", async () => {
  const logs: string[] = [];
  const options = { session: { secret: SECRET }, name: randomUUID(), log: ({ message }: LogEntry) => void logs.push(message) };
  const twin = createTwin({ stores: { todo: Todo }, ...options });
  onTestFinished(() => twin.close());
  createTwin({ stores: { tasks: Todo }, ...options });
  expect(logs).toEqual([]);
});

test("members without a decorator are sent to nobody in production, and not named", async () => {
  vi.stubEnv("NODE_ENV", "production");
  onTestFinished(() => void vi.unstubAllEnvs());
  class Plain extends Todo {
    total = 0;
    get done() {
      return this.count;
    }
  }
  const app = await serveTwin({ stores: { todo: Plain } });
  const twin = await openTwin(openClient(app.site.url), "todo");
  const live = liveOf(twin) as Plain;
  expect([live.done, live.total, live.left]).toEqual([undefined, undefined, 0]);
  vi.unstubAllEnvs();
});

test("a browser that has the class reads its plain getters and methods", async () => {
  class Plain extends Todo {
    get twice() {
      return this.count * 2;
    }
    plus(more: number) {
      return this.count + more;
    }
    plusTwice(more: number) {
      return this.plus(more) + this.plus(more);
    }
    get thrice() {
      return this.plusTwice(1) + this.plus(1);
    }
  }
  const app = await serveTwin({ stores: { todo: Plain } });
  await app.visitor().call("todo.add", "milk");
  const twin = await openTwin(openClient(app.site.url, { stores: { todo: Plain } }), "todo");
  const view = createView(twin, undefined).get() as Plain;
  expect([view.twice, view.plus(2), view.plusTwice(2), view.thrice]).toEqual([0, 2, 4, 3]);
});

test("a method that needs no `this`, or is called with another one on purpose, is no mistake", async () => {
  class Plain extends Todo {
    short(title: string) {
      return title.slice(0, 1);
    }
    *letters() {
      yield* "ab";
    }
    bump() {
      return ++this.count;
    }
    @event go() {
      const { letters, bump } = this;
      return [["milk"].map(this.short), [...letters()], bump.call({ count: 4 } as never), bump.name, this.short.length];
    }
  }
  const app = await serveTwin({ stores: { todo: Plain } });
  expect(await app.visitor().call("todo.go")).toEqual([["m"], ["a", "b"], 5, "bump", 1]);
  expect(app.logs).toEqual([]);
});

test("a generator that is driven, in whatever way, is no mistake", async () => {
  class Importing extends Todo {
    *rows() {
      yield "a";
      yield "b";
    }
    async *later() {
      yield* this.rows();
    }
    @event async *importAll() {
      for (const title of this.rows()) this.add(title);
      for await (const title of this.later()) this.add(title);
      const [first] = this.rows();
      yield first;
      yield* this.later();
    }
  }
  const app = await serveTwin({ stores: { todo: Importing } });
  await app.visitor().call("todo.importAll");
  expect(app.logs.map(({ message }) => message)).toEqual([]);
});
