import { EventError, event, state } from "twinstate";

/** A room with a value of each kind, and events that do a bit of everything. */
export class Lab {
  @state title = "first";
  @state rows: { id: number; title: string }[] = [];
  @state ages = new Map<string, number>([["ada", 36]]);
  @state tags = new Set(["new"]);
  @state since = new Date(0);
  @state big = 10n ** 20n;
  @state gone: string | undefined = undefined;
  @state nested = { deep: { deeper: [1, 2, 3] } };
  @state count = 0;

  @event rename(title: string) {
    this.title = title;
    return title.length;
  }
  @event fill(n: number) {
    this.rows = Array.from({ length: n }, (_, id) => ({ id, title: `row ${id}` }));
  }
  @event retitle(id: number, title: string) {
    const row = this.rows[id];
    if (row) row.title = title;
  }
  @event increase() {
    return ++this.count;
  }
  @event({ optimistic: true }) push(title: string) {
    this.rows.push({ id: this.rows.length, title });
    this.count++;
  }
  @event({ optimistic: true }) mark(id: number) {
    const row = this.rows[id];
    if (!row) throw new EventError("NOT_FOUND", "No such row.");
    row.title = `${row.title}!`;
  }
  @event read(_where: { shelf: string; rows: readonly number[] }) {
    return { found: [this.title] };
  }
  @event refuse() {
    throw new EventError("FORBIDDEN", "Not here.");
  }
}
