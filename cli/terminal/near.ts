/** The name that was probably meant: the closest one, if few letters differ. */
export function near(name: string, names: readonly string[]): string | undefined {
  const [closest] = names
    .map((known) => ({ known, distance: known.startsWith(name) && name.length > 1 ? 0.5 : distance(name, known) }))
    .sort((a, b) => a.distance - b.distance);
  return closest && closest.distance <= Math.max(1, Math.floor(closest.known.length / 3)) ? closest.known : undefined;
}

/** How many letters have to be added, removed, replaced or swapped with their neighbours to make one text of another. */
function distance(from: string, to: string): number {
  const rows: number[][] = [Array.from({ length: to.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= from.length; i++) {
    const row = [i];
    for (let j = 1; j <= to.length; j++) {
      const same = from[i - 1] === to[j - 1];
      const swapped = i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1];
      row.push(
        Math.min(at(rows, i - 1, j) + 1, (row[j - 1] as number) + 1, at(rows, i - 1, j - 1) + (same ? 0 : 1), swapped ? at(rows, i - 2, j - 2) + 1 : Infinity),
      );
    }
    rows.push(row);
  }
  return at(rows, from.length, to.length);
}

const at = (rows: readonly (readonly number[])[], i: number, j: number): number => rows[i]?.[j] as number;
