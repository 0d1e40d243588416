import { Suspense, useState } from "react";
import { createRoot } from "react-dom/client";
import { event, state } from "twinstate";
import { createHooks, useLocal } from "twinstate/react";
import type { Scoped } from "../../../server/definition/scope.js";

interface Reply {
  lines: string[];
  add(line: string): void;
}
interface Twin {
  readonly "~stores": { reply: Scoped<"keyed-tab", Reply> };
  readonly "~models": {};
}
const { TwinProvider, useReply } = createHooks<Twin>();

/** The same in the browser alone. */
class Local implements Reply {
  @state lines: string[] = [];
  @event add(line: string) {
    this.lines.push(line);
  }
}

function Lines({ name, of: { lines, add } }: { name: string; of: { readonly lines: readonly string[]; add(line: string): PromiseLike<unknown> } }) {
  return (
    <section aria-label={name}>
      <button type="button" onClick={() => add(`line ${lines.length + 1}`)}>
        Add
      </button>
      <ul>
        {lines.map((line) => (
          <li key={line}>{line}</li>
        ))}
      </ul>
    </section>
  );
}

const Keyed = ({ name, id }: { name: string; id: string }) => <Lines name={name} of={useReply(id)} />;
const Own = ({ name }: { name: string }) => <Lines name={name} of={useLocal(Local)} />;

function Page() {
  const [shown, show] = useState(true);
  return (
    <>
      <Keyed name="first" id="1" />
      <Keyed name="second" id="2" />
      {shown && <Keyed name="first again" id="1" />}
      <Own name="own" />
      {shown && <Own name="another" />}
      <button type="button" onClick={() => show(!shown)}>
        Turn
      </button>
    </>
  );
}

createRoot(document.querySelector("main") as HTMLElement).render(
  <TwinProvider onError={() => {}}>
    <Suspense>
      <Page />
    </Suspense>
  </TwinProvider>,
);
