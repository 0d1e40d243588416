import "@radix-ui/themes/styles.css";
import "./globals.css";
import type { Metadata, Viewport } from "next";
import type { ReactNode } from "react";
import { TwinDevtools } from "twinstate/react/devtools";
import { Header } from "../components/header";
import { Notices } from "../components/notices";
import { twin } from "../state/server";

export const metadata: Metadata = {
  title: { default: "twinstate", template: "%s · twinstate" },
  description: "State classes that live on the server, with a twin in every browser.",
};

export const viewport: Viewport = {
  colorScheme: "light dark",
  themeColor: [
    { media: "(prefers-color-scheme: light)", color: "#fcfcfd" },
    { media: "(prefers-color-scheme: dark)", color: "#111113" },
  ],
};

export default async function Layout({ children }: { children: ReactNode }) {
  return (
    <html lang="en" suppressHydrationWarning>
      <body>
        <Notices look={await twin.preload({ look: true })}>
          <Header />
          <main>{children}</main>
          <TwinDevtools />
        </Notices>
      </body>
    </html>
  );
}
