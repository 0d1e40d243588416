/** `fetch` with a browser's cookies, for one site. */
export function cookies(): typeof fetch {
  let cookie: string | undefined;
  return async (input, init) => {
    const response = await fetch(input, cookie ? { ...init, headers: { ...(init?.headers as Record<string, string>), cookie } } : init);
    cookie ??= response.headers.get("set-cookie")?.split(";")[0];
    return response;
  };
}
