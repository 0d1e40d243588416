import { isIPv6 } from "node:net";

/**
 * Whence a request comes, by what the last of so many proxies says: each adds the address that it was called from to `x-forwarded-for`, and what stands before is the
 * caller's own word. `undefined` where that is not known.
 */
export function clientAddressOf(headers: Headers, proxies: number): string | undefined {
  if (proxies === 0) return undefined;
  const address = headers.get("x-forwarded-for")?.split(",").at(-proxies)?.trim();
  return address === undefined || address === "" ? undefined : networkOf(address);
}

/**
 * The host that a request's sender asked for. Proxies may ask the app under another one, and say what they were asked by `x-forwarded-host`: the last of so many is believed,
 * as with addresses, or the first one that says so. Without proxies it is the sender's own word.
 */
export function askedHost(headers: Headers, proxies: number): string {
  const told = proxies === 0 ? [] : (headers.get("x-forwarded-host")?.split(",") ?? []);
  return (told.at(-proxies) ?? told[0] ?? headers.get("host") ?? "").trim().toLowerCase();
}

/** Of IPv6, the 64 bits that a provider gives to one customer: the others are theirs to choose. */
function networkOf(address: string): string {
  if (!isIPv6(address)) return address;
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped) return mapped;
  const [head = "", tail] = address.split("::");
  const groups = head === "" ? [] : head.split(":");
  if (tail !== undefined) while (groups.length < 8 - (tail === "" ? 0 : tail.split(":").length)) groups.push("0");
  return groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(":");
}
