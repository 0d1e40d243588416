import { event, state } from "twinstate";
import { z } from "zod";

const Theme = z.enum(["system", "light", "dark"]);
type Theme = z.infer<typeof Theme>;

/** One for each signed-in user, on all devices. */
export class Settings {
  // `keep` is for session and tab stores, so plain state here. // ? is `keep` on a user's store refused by type, at start, or ignored? Only a table of scopes
  @state theme: Theme = "system";

  @event(Theme) setTheme(theme: Theme) {
    this.theme = theme;
  }
}
