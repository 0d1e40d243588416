import { current, EventError } from "twinstate";
import { Board } from "./board";

/** What stays on the server. */
export class BoardServer extends Board {
  override addColumn(name: string) {
    if (this.columns.length >= 10) throw new EventError("FORBIDDEN", "Ten columns are enough.");
    this.log?.push(`${current().user?.name} adds ${name}`);
    super.addColumn(name);
  }
  protected onCreate() {
    this.owner = current().user?.id ?? "";
  }
}
