import { llmsIndex } from "@/content/llms";

export const dynamic = "force-static";

export const GET = () => new Response(llmsIndex(process.env.SITE_ORIGIN ?? ""));
