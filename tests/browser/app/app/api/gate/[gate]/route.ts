import { gate } from "../../../../state/gates";

export async function POST(_: Request, { params }: { params: Promise<{ gate: string }> }) {
  gate((await params).gate).open();
  return new Response();
}
