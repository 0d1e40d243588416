import type { Metadata } from "next";
import { AccountPage } from "../../components/account/account-page";
import { TwinPreload } from "../../state/client";
import { twin } from "../../state/server";

export const metadata: Metadata = { title: "Account" };

/** Only for users who have signed in: the guard of `profile` leads all others to the sign-in. */
export default async function Page() {
  return (
    <TwinPreload state={await twin.preload({ account: true, profile: true, bulletin: true })}>
      <AccountPage />
    </TwinPreload>
  );
}
