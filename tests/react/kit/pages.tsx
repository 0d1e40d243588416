import { observer } from "mobx-react-lite";
import { type ReactNode, StrictMode, Suspense, useState } from "react";
import type { View } from "twinstate";
import { useLocal, usePresence } from "twinstate/react";
import type { Preload } from "../../../server/twin.js";
import { Boundary } from "./boundary.js";
import { Draft } from "./draft.js";
import { TwinPreload, useCanvas, useLiveTodo, useTodo, useVisitor } from "./hooks.js";
import { useCount } from "./page.js";
import type { Todo } from "./stores.js";

/** What a page of the tests is given. `change` is called while it renders. */
export interface PageProps {
  state: Preload<any>;
  change?(title: string): void;
  /** A state of the same store that was taken later. */
  later?: Preload<any>;
  /** Takes what a component is given. */
  seen?: unknown[];
}

function List() {
  useCount("List");
  const todo = useTodo();
  return (
    <ul>
      {todo.items.map((item) => (
        <li key={item.id}>{item.title}</li>
      ))}
    </ul>
  );
}

function Titles() {
  const titles = useTodo((todo) => todo.items.map((item) => ({ title: item.title })));
  return <p>{titles.map(({ title }) => title).join(" ")}</p>;
}

const Live = observer(function Live() {
  return (
    <p>
      {useLiveTodo()
        .items.map((item) => item.title)
        .join(" ")}
    </p>
  );
});

function Child({ view }: { view: View<Todo> }) {
  return <b>{view.draft}</b>;
}

function Parent() {
  const todo = useTodo();
  return (
    <div>
      {todo.left}
      <Child view={todo} />
    </div>
  );
}

/** Changes the store while the page hydrates. */
function Disturb({ change }: { change(): void }) {
  useState(change);
  return null;
}

export function Plain({ state }: PageProps): ReactNode {
  return (
    <TwinPreload state={state}>
      <List />
    </TwinPreload>
  );
}

export function Everything({ state, change }: PageProps): ReactNode {
  return (
    <StrictMode>
      <TwinPreload state={state}>
        <Disturb change={() => change?.("during")} />
        <List />
        <Titles />
        <Live />
        <Disturb change={() => change?.("later")} />
        <Parent />
      </TwinPreload>
    </StrictMode>
  );
}

export function NotPreloaded(): ReactNode {
  return (
    <Suspense fallback={<i>wait</i>}>
      <List />
    </Suspense>
  );
}

export function Guarded({ state }: PageProps): ReactNode {
  return (
    <TwinPreload state={state}>
      <Boundary>
        <Suspense fallback={<i>wait</i>}>
          <List />
        </Suspense>
      </Boundary>
    </TwinPreload>
  );
}

/** Parts of a page that were rendered one after the other. */
export function Parts({ state, later }: PageProps): ReactNode {
  return (
    <>
      <TwinPreload state={state}>
        <List />
        <TwinPreload state={later as Preload<any>}>
          <Live />
        </TwinPreload>
      </TwinPreload>
      <TwinPreload state={later as Preload<any>}>
        <Titles />
        <TwinPreload state={state}>
          <Parent />
        </TwinPreload>
      </TwinPreload>
    </>
  );
}

/** Who visits, and all that this component has been given. */
function Greeting({ seen }: { seen?: unknown[] | undefined }) {
  const me = useVisitor() as { name: string; since: Date } | null | undefined;
  seen?.push(me);
  return <b>{me ? `${me.name} since ${me.since.getFullYear()}` : String(me)}</b>;
}

/** A head without a preload, and parts that were rendered for different visitors. */
export function Visited({ state, later, seen }: PageProps): ReactNode {
  return (
    <>
      <Greeting />
      <TwinPreload state={state}>
        <Greeting seen={seen} />
      </TwinPreload>
      {later && (
        <Suspense>
          <TwinPreload state={later}>
            <Greeting />
          </TwinPreload>
        </Suspense>
      )}
    </>
  );
}

/** Who else is at a canvas, and what this tab shows there. */
export function Others({ room = "a", own, seen }: { room?: string; own?: { cursor?: number; typing?: boolean } | undefined; seen?: unknown[] | undefined }) {
  const others = usePresence(useCanvas(room).people, own);
  seen?.push(others);
  return <p>{others.map(({ name, cursor, typing }) => `${name} ${cursor ?? "-"}${typing ? " types" : ""}`).join(", ")}</p>;
}

export function Here({ state, seen }: PageProps): ReactNode {
  return (
    <StrictMode>
      <TwinPreload state={state}>
        <Others own={{ cursor: 1 }} seen={seen} />
      </TwinPreload>
    </StrictMode>
  );
}

/** A page with a store of its own component, and a form of it. */
export function LocalPage(): ReactNode {
  const draft = useLocal(() => new Draft("from the page"));
  return (
    <form action={draft.add.form}>
      <h1>{draft.title}</h1>
      <b>
        {draft.left} {draft.created}
      </b>
      <button type="button" title="add" onClick={() => draft.add({ text: "line" })} />
    </form>
  );
}
