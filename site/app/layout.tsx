import "./globals.css";
import { DocsLayout } from "fumadocs-ui/layouts/docs";
import { RootProvider } from "fumadocs-ui/provider/next";
import type { Metadata } from "next";
import type { ReactNode } from "react";
import { SiteSearch } from "@/components/site-search";
import { pageTree } from "@/content/tree";

export const metadata: Metadata = { title: { default: "twinstate", template: "%s · twinstate" } };

export default function Layout({ children }: { children: ReactNode }) {
  return (
    <html lang="en" suppressHydrationWarning>
      <body>
        <RootProvider search={{ SearchDialog: SiteSearch }}>
          <DocsLayout tree={pageTree()} nav={{ title: <Brand /> }}>
            {children}
          </DocsLayout>
        </RootProvider>
      </body>
    </html>
  );
}

function Brand() {
  return (
    <>
      <svg viewBox="0 0 32 20" width="32" height="20" aria-hidden="true">
        <circle cx="11" cy="10" r="9" fill="#5b5bd6" />
        <circle cx="21" cy="10" r="9" fill="#00a2c7" fillOpacity=".75" />
      </svg>
      twinstate
    </>
  );
}
