/** What a page has shown, frame by frame. */
export class Film {
  /** Each state that was painted, with the number of its first frame. */
  readonly frames: { readonly frame: number; readonly text: string }[] = [];
  /** How many frames there were. */
  frame = 0;
  #on = true;

  constructor(read: () => string) {
    const take = () => {
      if (!this.#on) return;
      this.frame++;
      const text = read();
      if (this.frames.at(-1)?.text !== text) this.frames.push({ frame: this.frame, text });
      requestAnimationFrame(take);
    };
    requestAnimationFrame(take);
  }

  get texts(): string[] {
    return this.frames.map(({ text }) => text);
  }

  /** Resolves with the number of the next frame, when that is there. */
  next(): Promise<number> {
    return new Promise((resolve) => requestAnimationFrame(() => resolve(this.frame)));
  }

  stop(): void {
    this.#on = false;
  }
}
