import { toNextJsHandler } from "better-auth/next-js";
import { auth } from "@/state/auth";

export const { GET, POST } = toNextJsHandler(auth);
