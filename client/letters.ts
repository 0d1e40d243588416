import type { ServerConnection } from "./connection.js";
import type { ClientOptions } from "./options.js";

type Options = Pick<ClientOptions, "url" | "tabStorage">;

interface World {
  readonly options: Options;
  readonly connection: Pick<ServerConnection, "got">;
}

/** Whether a letter has not come before. Those of one life of the server rise. */
export function isNewLetter({ connection, options }: World, id: string): boolean {
  const [life, number] = id.split(".");
  const [lastLife, last] = connection.got?.split(".") ?? [];
  if (life === lastLife && Number(number) <= Number(last)) return false;
  connection.got = id;
  keptLetter(options, id);
  return true;
}

/** Keeps the id of the last letter for the next pages of this tab, or gives the one that is kept. Browsers may forbid it, and there is none elsewhere. */
export function keptLetter({ url, tabStorage }: Options, id?: string): string | undefined {
  try {
    const storage: Record<string, string> = tabStorage ?? (document && sessionStorage);
    const name = `twin ${url} letter`;
    if (id !== undefined) storage[name] = id;
    return storage[name];
  } catch {
    return undefined;
  }
}
