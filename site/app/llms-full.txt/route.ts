import { llmsFull } from "@/content/llms";

export const dynamic = "force-static";

export const GET = () => new Response(llmsFull());
