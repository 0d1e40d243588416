import { event, state } from "twinstate";
export class Settings {
  @state theme: "light" | "dark" = "light";
  @event setTheme(theme: "light" | "dark") {
    this.theme = theme;
  }
}
