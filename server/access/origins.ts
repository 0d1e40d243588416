import { badOption } from "../../lib/errors/setup-errors.js";

/** @throws StateError for what is no list of origins as browsers send them: any other text would match none, or a part of one */
export function checkOrigins(origins: unknown): void {
  if (!Array.isArray(origins)) throw badOption("origins", 'is no list: `["https://app.example.com"]`');
  for (const origin of origins as unknown[])
    if (typeof origin !== "string" || !/^[a-z][a-z\d+.-]*:\/\/[^/?#\sA-Z]+$/.test(origin))
      throw badOption("origins", `has \`${String(origin)}\`, which is no origin: write it without path and in small letters, as \`https://app.example.com\``);
}
