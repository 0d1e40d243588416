/**
 * Carries messages between two nodes, in both directions: in the order in which they were sent, each at most once. A message may be lost. Whoever makes lines
 * ends those on which messages may have been lost, as soon as that is known.
 */
export interface NodeLine {
  send(message: string): void;
  /** Sets what takes the messages of the other end. None comes before. */
  onMessage(take: (message: string) => void): void;
  /** Sets what is told, once, that the line is over. */
  onEnd(over: () => void): void;
  end(): void;
}

/** A line whose messages are counted at both ends: it ends where one is missing. */
export class CountedLine {
  readonly #line: NodeLine;
  #sent = 0;
  #taken = 0;
  #over = false;

  /** `take` gets each message, as what JSON says; `over` is told when the line is over, however it ends. */
  constructor(line: NodeLine, take: (message: readonly unknown[]) => void, over: () => void) {
    this.#line = line;
    line.onEnd(() => {
      if (this.#over) return;
      this.#over = true;
      over();
    });
    line.onMessage((text) => {
      if (this.#over) return;
      const at = text.indexOf(" ");
      if (Number(text.slice(0, at)) !== ++this.#taken) return line.end();
      take(JSON.parse(text.slice(at + 1)) as unknown[]);
    });
  }

  send(message: readonly unknown[]): void {
    this.write(JSON.stringify(message));
  }

  /** Sends a message that has been written as JSON already: what goes to many is written once. */
  write(json: string): void {
    if (!this.#over) this.#line.send(`${++this.#sent} ${json}`);
  }

  end(): void {
    this.#line.end();
  }
}
