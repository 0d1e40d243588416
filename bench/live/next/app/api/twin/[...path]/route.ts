import { twin } from "../../../../twin";

export const { GET, POST } = twin.handlers;
