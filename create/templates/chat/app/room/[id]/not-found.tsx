import Link from "next/link";

export default function NotFound() {
  return (
    <main className="mx-auto w-full max-w-2xl flex-1 px-4 py-10 sm:px-6 sm:py-16">
      <h1 className="mb-1 text-3xl font-semibold tracking-tight sm:text-4xl">No such room</h1>
      <p className="text-muted">
        It may have had another address. These are{" "}
        <Link href="/" className="text-accent underline">
          all rooms
        </Link>
        .
      </p>
    </main>
  );
}
