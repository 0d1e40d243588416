"use client";
import { useRouter } from "next/navigation";
import { useVisitor } from "@/state/client";
import { authClient } from "./auth-client";
import { SignIn } from "./sign-in";

/** Who has signed in, or the form that signs in. */
export function Account() {
  const me = useVisitor();
  const router = useRouter();

  async function signOut() {
    await authClient.signOut();
    router.refresh();
  }

  if (!me) return <SignIn />;
  return (
    <p className="flex items-center justify-between gap-4 text-muted">
      <span className="min-w-0 truncate">
        Signed in as <strong className="font-medium text-foreground">{me.name}</strong>
      </span>
      <button type="button" className="h-11 shrink-0 rounded-xl border border-line px-4 transition hover:text-foreground" onClick={signOut}>
        Sign out
      </button>
    </p>
  );
}
