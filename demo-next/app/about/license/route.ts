import { readFile } from "node:fs/promises";
import { join } from "node:path";

/** The licence, as text: prerendered, the same for everybody. */
export const dynamic = "force-static";

export const GET = async () => new Response(await readFile(join(process.cwd(), "../LICENSE"), "utf8"));
