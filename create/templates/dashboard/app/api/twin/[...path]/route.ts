import { twin } from "@/state/server";

export const { GET, POST } = twin.handlers;
