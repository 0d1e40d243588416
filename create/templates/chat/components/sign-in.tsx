"use client";
import { useRouter } from "next/navigation";
import { type InputHTMLAttributes, type SubmitEvent, useState } from "react";
import { authClient } from "./auth-client";

/** Signs in, or makes an account. */
export function SignIn() {
  const router = useRouter();
  const [isNew, setNew] = useState(false);
  const [error, setError] = useState("");
  const [busy, setBusy] = useState(false);

  async function send(event: SubmitEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const [name, email, password] = ["name", "email", "password"].map((field) => String(form.get(field))) as [string, string, string];
    setBusy(true);
    setError("");
    const { error } = isNew ? await authClient.signUp.email({ name, email, password }) : await authClient.signIn.email({ email, password });
    setBusy(false);
    if (error) setError(error.message ?? "This did not work. Try again.");
    else router.refresh();
  }

  return (
    <form
      onSubmit={send}
      method="post"
      aria-label={isNew ? "New account" : "Sign in"}
      className="space-y-4 rounded-2xl border border-line bg-surface p-5 shadow-sm"
    >
      {isNew && <Field label="Name" name="name" autoComplete="nickname" maxLength={40} pattern=".*\S.*" />}
      <Field label="Email" name="email" type="email" autoComplete="email" />
      <Field label="Password" name="password" type="password" autoComplete={isNew ? "new-password" : "current-password"} minLength={8} maxLength={128} />
      <p role="alert" className="text-red-700 empty:hidden dark:text-red-300">
        {error}
      </p>
      <div className="flex flex-wrap gap-2">
        <button
          type="submit"
          disabled={busy}
          className="h-11 rounded-xl bg-accent px-5 font-medium text-on-accent transition hover:bg-accent-strong disabled:opacity-60"
        >
          {isNew ? "Make account" : "Sign in"}
        </button>
        <button
          type="button"
          className="h-11 rounded-xl px-3 text-muted transition hover:text-foreground"
          onClick={() => {
            setNew(!isNew);
            setError("");
          }}
        >
          {isNew ? "I have an account" : "I am new here"}
        </button>
      </div>
    </form>
  );
}

function Field({ label, ...input }: { label: string } & InputHTMLAttributes<HTMLInputElement>) {
  return (
    <label className="block space-y-1">
      <span className="text-sm text-muted">{label}</span>
      <input required className="h-11 w-full rounded-xl border border-line bg-background px-3" {...input} />
    </label>
  );
}
