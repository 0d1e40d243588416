import type { Metadata } from "next";
import { PartsPage } from "../../components/parts/parts-page";
import { TwinPreload } from "../../state/client";
import { twin } from "../../state/server";

export const metadata: Metadata = { title: "Parts" };

export default async function Page() {
  const [state, products] = await Promise.all([
    twin.preload({ booking: true, stock: true }),
    twin.stock().rows(0, 50, { sort: { by: "name", descending: false }, filter: "" }),
  ]);
  return (
    <TwinPreload state={state}>
      <PartsPage products={products} />
    </TwinPreload>
  );
}
