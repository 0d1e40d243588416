/** The cookie of a guest who has chosen a name. It holds the name; the session, which the server signs, holds the identity. */
export const NAME_COOKIE = "demo_name";

/** Reads the name from a request's cookies. */
export function nameIn(cookies: string | null): string | undefined {
  const found = cookies?.split(/; */).find((cookie) => cookie.startsWith(`${NAME_COOKIE}=`));
  try {
    return decodeURIComponent(found?.slice(NAME_COOKIE.length + 1) ?? "").slice(0, 40) || undefined;
  } catch {
    return undefined;
  }
}
