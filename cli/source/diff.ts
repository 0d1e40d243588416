/** How many unchanged lines stand around a change. */
const AROUND = 3;

interface Line {
  readonly mark: " " | "+" | "-";
  readonly text: string;
}

/** The lines that make one text of another, with those around them. `undefined`: there was no file. */
export function diff(before: string | undefined, after: string): Line[] {
  if (before === undefined) return linesOf(after).map((text) => ({ mark: "+", text }));
  const all = compared(linesOf(before), linesOf(after));
  const near = all.map((_, i) => all.slice(Math.max(0, i - AROUND), i + AROUND + 1).some(({ mark }) => mark !== " "));
  return all.filter((_, i) => near[i]);
}

const linesOf = (text: string) => text.replace(/\r?\n$/, "").split(/\r?\n/);

/** Both texts as one list of lines, by their longest common subsequence. */
function compared(a: readonly string[], b: readonly string[]): Line[] {
  const common: number[][] = Array.from({ length: a.length + 1 }, () => new Array<number>(b.length + 1).fill(0));
  const at = (i: number, j: number) => common[i]?.[j] as number;
  for (let i = a.length - 1; i >= 0; i--)
    for (let j = b.length - 1; j >= 0; j--) (common[i] as number[])[j] = a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
  const lines: Line[] = [];
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      lines.push({ mark: " ", text: a[i++] as string });
      j++;
    } else if (i < a.length && (j === b.length || at(i + 1, j) >= at(i, j + 1))) lines.push({ mark: "-", text: a[i++] as string });
    else lines.push({ mark: "+", text: b[j++] as string });
  }
  return lines;
}
