import { Suspense } from "react";
import { TwinPreload } from "./client";
import { List } from "./list";
import { twin } from "./server";

export const { GET, POST } = twin.handlers;

async function Mine() {
  return (
    <TwinPreload state={await twin.preload({ todo: true })}>
      <List />
    </TwinPreload>
  );
}

export default function Page() {
  return (
    <Suspense>
      <Mine />
    </Suspense>
  );
}

export async function addFromAction(title: string) {
  "use server";
  const todo = await twin.todo.current();
  const id: string = await todo.add(title);
  return id;
}
