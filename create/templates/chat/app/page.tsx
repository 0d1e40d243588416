import { Suspense } from "react";
import { Account } from "@/components/account";
import { RoomList } from "@/components/room-list";
import { TwinPreload } from "@/state/client";
import { twin } from "@/state/server";

export default function Page() {
  return (
    <main className="mx-auto w-full max-w-2xl flex-1 px-4 py-10 sm:px-6 sm:py-16">
      <header className="mb-6 space-y-1">
        <h1 className="text-3xl font-semibold tracking-tight sm:text-4xl">Rooms</h1>
        <p className="text-muted">Talk with each other, and with a model. Everybody may read.</p>
      </header>
      <Suspense fallback={<div className="h-64" />}>
        <Rooms />
      </Suspense>
    </main>
  );
}

/** Sends the page with its state in the HTML. */
async function Rooms() {
  return (
    <TwinPreload state={await twin.preload({ rooms: true })}>
      <div className="space-y-6">
        <Account />
        <RoomList />
      </div>
    </TwinPreload>
  );
}
