import type { Metadata } from "next";
import { ImportPage } from "../../components/import/import-page";
import { TwinPreload } from "../../state/client";
import { twin } from "../../state/server";

export const metadata: Metadata = { title: "Import" };

export default async function Page() {
  return (
    <TwinPreload state={await twin.preload({ contacts: true, checksum: true })}>
      <ImportPage />
    </TwinPreload>
  );
}
