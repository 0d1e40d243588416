import { current, EventError, event, type Internal, type Interrupted, newId, schedule, state, update } from "twinstate";
import { z } from "zod";
import { discard, receive, rowsIn } from "./import-file";

export interface Contact {
  name: string;
  email: string;
  city: string;
}

/** An import of a file. */
export interface Import {
  id: string;
  name: string;
  /** Where a contact's parts stand in a row. */
  columns: number[];
  /** How many rows there are to add. */
  rows: number;
  /** The number of the last row that is done: that of the titles is 1. */
  read: number;
  added: number;
  refused: number;
  /** The first rows that were refused, by their number in the file. */
  problems: { row: number; cause: string }[];
  phase: "running" | "done" | "cancelled" | "failed";
}

const MOST_CONTACTS = 5000;
const MOST_PROBLEMS = 20;
/** How many rows are one commit. */
const BATCH = 10;
/** How long a row takes, in ms, as if each address were looked up somewhere. */
const PERIOD = 15;

const TITLES = ["name", "email", "city"];
const Csv = z.file().min(1, "The file is empty.").max(2_000_000, "The file may have 2 MB.");
const Row = z.tuple([z.string().min(1, "The name is missing.").max(100, "The name is too long."), z.email("This is no e-mail address."), z.string().max(100)]);

/**
 * A visitor's address book. An import has two parts. First the file comes: that needs the page. Then its rows are added by an event of the server, which goes
 * on whatever pages and servers do: each batch is a commit that says how far it is.
 */
export class Contacts {
  @state people: Contact[] = [];
  @state import: Import | null = null;
  /** The file that is on its way. It is not stored, so a killed server leaves none behind. */
  @state({ persist: false }) arriving: { name: string; size: number; got: number } | null = null;

  /** Receives a file. The import begins when all of it is here. */
  @event({ background: true, queue: "drop", per: "instance", input: [Csv] }) async importFrom(file: File) {
    if (this.import?.phase === "running") throw new EventError("FORBIDDEN", "An import is running. Cancel it first.");
    const { signal } = current();
    const { name, size } = file;
    const id = newId();
    const arriving = (got: number) =>
      update(() => {
        this.arriving = { name, size, got };
      });
    try {
      await arriving(0);
      await receive(id, file, signal, arriving);
      const { columns, rows } = await survey(id);
      await update(() => {
        this.import = { id, name, columns, rows, read: 1, added: 0, refused: 0, problems: [], phase: "running" };
        schedule.after(0, this.addRows, [], { id: "import" });
      });
    } catch (error) {
      await discard(id);
      throw error;
    } finally {
      await update(() => {
        this.arriving = null;
      });
    }
  }

  /** Cancels what runs, from any tab. The rows that are in stay. */
  @event cancelImport() {
    current().cancel(this.importFrom);
    current().cancel(this.addRows);
    schedule.cancel("import");
    if (this.import?.phase === "running") this.import.phase = "cancelled";
  }

  @event removeAll() {
    this.people = [];
    if (this.import?.phase !== "running") this.import = null;
  }

  /** Goes on with the import where it is. */
  @event({ internal: true, background: true }) async addRows(this: Internal<this>) {
    const { signal } = current();
    const { id = "", read = 0 } = this.import ?? {};
    const batch: NumberedRow[] = [];
    let row = 0;
    try {
      for await (const cells of rowsIn(id)) {
        if (++row <= read) continue;
        signal.throwIfAborted();
        await pause(PERIOD);
        batch.push([row, cells]);
        if (batch.length === BATCH) await update(() => this.add(id, batch.splice(0)));
      }
      await update(() => {
        this.add(id, batch);
        this.end(id, "done");
      });
    } catch (error) {
      if (!signal.aborted) await update(() => this.end(id, "failed"));
      throw error;
    } finally {
      // A server that closes has not ended the import.
      if (!this.runs(id)) await discard(id);
    }
  }

  /** The server was killed, or closed, in the middle of an import. */
  protected onInterrupted({ event }: Interrupted) {
    if (event === "addRows" && this.import?.phase === "running") schedule.after(0, this.addRows, [], { id: "import" });
  }

  /** Whether this import goes on. Another one may have taken its place since it was cancelled. */
  private runs(id: string) {
    return this.import?.id === id && this.import.phase === "running";
  }

  private add(id: string, rows: readonly NumberedRow[]) {
    if (!this.import || !this.runs(id)) return;
    const run = this.import;
    const known = new Set(this.people.map(({ email }) => email));
    for (const [row, cells] of rows) {
      run.read = row;
      if (isBlank(cells)) continue;
      const { success, data, error } = Row.safeParse(run.columns.map((column) => cells[column] ?? ""));
      const [name = "", email = "", city = ""] = data ?? [];
      const cause = success ? causeOf(email, known, this.people.length) : error.issues[0]?.message;
      if (cause === undefined) {
        this.people.push({ name, email, city });
        known.add(email);
        run.added++;
      } else {
        run.refused++;
        if (run.problems.length < MOST_PROBLEMS) run.problems.push({ row, cause });
      }
    }
  }

  private end(id: string, phase: "done" | "failed") {
    if (this.import && this.runs(id)) this.import.phase = phase;
  }
}

/** The number of a row in its file, and its cells. */
type NumberedRow = readonly [row: number, cells: readonly string[]];

const isBlank = (cells: readonly string[]) => cells.every((cell) => cell === "");

function causeOf(email: string, known: ReadonlySet<string>, people: number): string | undefined {
  if (known.has(email)) return `${email} is there already.`;
  if (people >= MOST_CONTACTS) return `There are ${MOST_CONTACTS} contacts, and no more fit in.`;
  return undefined;
}

/** Looks through a file: where its columns are, and how many rows it has. */
async function survey(id: string): Promise<Pick<Import, "columns" | "rows">> {
  let columns: number[] | undefined;
  let rows = 0;
  for await (const cells of rowsIn(id)) {
    if (columns) rows += isBlank(cells) ? 0 : 1;
    columns ??= TITLES.map((title) => cells.findIndex((cell) => cell.toLowerCase() === title));
  }
  const [missing] = TITLES.filter((_, i) => (columns?.[i] ?? -1) < 0);
  if (!columns || missing) throw new EventError("INVALID", `The first row must name the columns ${TITLES.join(", ")}: ${missing} is missing.`);
  return { columns, rows };
}

const pause = (time: number) => new Promise((resolve) => setTimeout(resolve, time));
