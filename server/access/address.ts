import { isIPv6 } from "node:net";

/**
 * The client's address, if trusted proxies reported it. Each proxy adds the address that called it to `x-forwarded-for`; what stands before is the
 * caller's own claim. `undefined` without proxies.
 */
export function clientAddressOf(headers: Headers, proxies: number): string | undefined {
  if (proxies === 0) return undefined;
  const address = headers.get("x-forwarded-for")?.split(",").at(-proxies)?.trim();
  return address === undefined || address === "" ? undefined : networkOf(address);
}

/**
 * The host that the client asked for. Proxies may ask the app under another host, and report the first one by `x-forwarded-host`: the last of the trusted
 * proxies is believed, as with addresses, or the first one that reports it. Without proxies the header is the client's own claim.
 */
export function askedHost(headers: Headers, proxies: number): string {
  const told = proxies === 0 ? [] : (headers.get("x-forwarded-host")?.split(",") ?? []);
  return (told.at(-proxies) ?? told[0] ?? headers.get("host") ?? "").trim().toLowerCase();
}

/** An IPv6 address counts by its first 64 bits: a provider gives the others to one customer. */
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
