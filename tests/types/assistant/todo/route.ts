import { twin } from "./server";

export const { GET, POST } = twin.handlers; // at app/api/twin/[...path]/route.ts
