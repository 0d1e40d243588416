import { event, state } from "twinstate";
import { z } from "zod";

const Theme = z.enum(["system", "light", "dark"]);
export type Theme = z.infer<typeof Theme>;

/** The look of the pages in one browser, which remembers it by a cookie: so the server renders them so. */
export class Look {
  @state({ keep: "cookie", input: Theme }) theme: Theme = "system";

  @event({ input: [Theme], optimistic: true }) choose(theme: Theme) {
    this.theme = theme;
  }
}
