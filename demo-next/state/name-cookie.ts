/** The cookie that signs a visitor in: it holds their name. Who they are is said by the session, which the server signs. */
export const NAME_COOKIE = "demo_name";

/** The name in a request's cookies. */
export function nameIn(cookies: string | null): string | undefined {
  const found = cookies?.split(/; */).find((cookie) => cookie.startsWith(`${NAME_COOKIE}=`));
  try {
    return decodeURIComponent(found?.slice(NAME_COOKIE.length + 1) ?? "").slice(0, 40) || undefined;
  } catch {
    return undefined;
  }
}
