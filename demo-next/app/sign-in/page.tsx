import type { Metadata } from "next";
import { SignIn } from "../../components/account/sign-in";
import { PROBLEMS } from "../../state/account";
import { TwinPreload } from "../../state/client";
import { twin } from "../../state/server";

interface Props {
  searchParams: Promise<{ next?: string | string[]; problem?: string | string[] }>;
}

export const metadata: Metadata = { title: "Sign in" };

export default async function Page({ searchParams }: Props) {
  const { next, problem } = await searchParams;
  return (
    <TwinPreload state={await twin.preload({ account: true })}>
      <SignIn next={String(next ?? "/account")} problem={new Map(Object.entries(PROBLEMS)).get(String(problem))} />
    </TwinPreload>
  );
}
