// Starts a session with the first page.
export { proxy } from "twinstate/next";

export const config = { matcher: "/((?!api|_next/static|_next/image|.*\\..*).*)" };
