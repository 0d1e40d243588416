import "./globals.css";
import type { Metadata } from "next";
import type { ReactNode } from "react";
import { ConnectionStatus } from "twinstate/react";
import { TwinDevtools } from "twinstate/react/devtools";
import { TwinProvider } from "@/state/client";

export const metadata: Metadata = { title: "__NAME__", description: "Live state with twinstate." };

export default function Layout({ children }: { children: ReactNode }) {
  return (
    <html lang="en" className="antialiased">
      <body className="flex min-h-dvh flex-col">
        <TwinProvider>
          <ConnectionStatus className="bg-amber-200 px-4 py-1 text-center text-sm text-amber-950" />
          {children}
          <TwinDevtools />
        </TwinProvider>
      </body>
    </html>
  );
}
