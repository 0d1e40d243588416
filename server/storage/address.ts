/**
 * Reads the address of a server as a URL.
 * @param refuse makes the error of one that would be misread, so that a part of its password would be shown as host or database
 */
export function readAddress(address: string, refuse: (why: string) => Error): URL {
  let url: URL;
  try {
    url = new URL(address);
  } catch {
    throw refuse("it is no URL");
  }
  if ((url.pathname + url.search + url.hash).split("=")[0]?.includes("@"))
    throw refuse("a `/`, `?` or `#` in user or password must be written as `%2F`, `%3F`, `%23`");
  try {
    for (const part of [url.username, url.password, url.pathname]) decodeURIComponent(part);
  } catch {
    throw refuse("a `%` in it that begins no code must be written as `%25`");
  }
  return url;
}
