/** The rows of a CSV file, as its bytes come. Cells in quotes may hold commas, quotes and line breaks. A blank line is a row with one empty cell. */
export async function* rowsOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string[]> {
  const decoder = new TextDecoder();
  let [cells, cell, quoted, before] = [[] as string[], "", false, ""];
  for await (const chunk of chunks) {
    for (const letter of decoder.decode(chunk, { stream: true })) {
      if (quoted) {
        if (letter === '"') quoted = false;
        else cell += letter;
      } else if (letter === '"') {
        // Two quotes in a quoted cell are one.
        if (before === '"') cell += letter;
        quoted = true;
      } else if (letter === "," || letter === "\n") {
        cells.push(cell.trim());
        cell = "";
        if (letter === "\n") yield cells.splice(0);
      } else cell += letter;
      before = letter;
    }
  }
  if (cell !== "" || cells.length > 0) yield [...cells, cell.trim()];
}
