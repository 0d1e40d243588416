import { Suspense } from "react";
import { EventError } from "twinstate";
import { Dashboard } from "@/components/dashboard";
import { TwinPreload } from "@/state/client";
import { twin } from "@/state/server";
import { View } from "@/state/view";

export default function Page() {
  return (
    <main className="mx-auto flex w-full max-w-6xl flex-1 flex-col gap-4 px-4 py-6 sm:px-6 sm:py-10">
      <Suspense fallback={<div className="h-96" />}>
        <Orders />
      </Suspense>
    </main>
  );
}

/** The filters as they are. With the first page of a visitor, whose session begins with it, nobody has set any. */
async function view(): Promise<Pick<View, "query" | "filter">> {
  try {
    return await (await twin.view.current()).$snapshot();
  } catch (error) {
    if (error instanceof EventError && error.code === "FORBIDDEN") return new View();
    throw error;
  }
}

/** Sends the page with its state, the first rows and the charts in the HTML. */
async function Orders() {
  const state = await twin.preload({ orders: true, view: true });
  const { query, filter } = await view();
  const [rows, summary] = await Promise.all([twin.orders().rows(0, 50, query), twin.orders().summary(0, 1, filter)]);
  return (
    <TwinPreload state={state}>
      <Dashboard initial={{ rows, summary }} />
    </TwinPreload>
  );
}
