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
          <DocsLayout tree={pageTree()} nav={{ title: "twinstate" }}>
            {children}
          </DocsLayout>
        </RootProvider>
      </body>
    </html>
  );
}
