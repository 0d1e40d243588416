import { ConnectionStatus, useConnection } from "twinstate/react";
import { twin as boards } from "../board/server";
import { type Equal, is } from "../equal";
import { TwinPreload, TwinProvider, useTodo } from "./client";
import { twin } from "./server";

function Left() {
  return <b>{useTodo((todo) => todo.left)}</b>;
}
function Banner() {
  const { status, pending } = useConnection();
  is<Equal<typeof status, "online" | "waiting" | "reconnecting" | "offline" | "outdated">>();
  return <p>{pending}</p>;
}
export async function Page() {
  const state = await twin.preload({ todo: true });
  return (
    <TwinProvider onError={(error) => void error.code}>
      <TwinPreload state={state}>
        <Left />
        <Banner />
        <ConnectionStatus>{({ status }) => status}</ConnectionStatus>
      </TwinPreload>
      {/* @ts-expect-error the preload of another app */}
      <TwinPreload state={await boards.preload({ mine: true })} />
      {/* @ts-expect-error the state is not awaited */}
      <TwinPreload state={twin.preload({ todo: true })} />
    </TwinProvider>
  );
}
// @ts-expect-error no such store
void twin.preload({ tood: true });
