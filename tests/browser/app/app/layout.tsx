import Link from "next/link";
import type { ReactNode } from "react";
import { TwinProvider } from "../state/client";

export default function Layout({ children }: { children: ReactNode }) {
  return (
    <html lang="en">
      <body>
        <TwinProvider>
          <nav>
            <Link href="/">home</Link> <Link href="/room/hall">hall</Link> <Link href="/search?q=tea">search</Link> <Link href="/alone">alone</Link>
          </nav>
          <main>{children}</main>
        </TwinProvider>
      </body>
    </html>
  );
}
