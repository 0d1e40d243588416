import { computed, EventError, event, newId, state } from "twinstate";
import { z } from "zod";

export interface Task {
  id: string;
  title: string;
  done: boolean;
}

/** What a browser knows of it. */
export class Tasks {
  @state tasks: Task[] = [];
  @computed get left() {
    return this.tasks.filter(({ done }) => !done).length;
  }
  @event({ optimistic: true, input: [z.string()] }) add(title: string) {
    const id = newId();
    this.tasks.push({ id, title, done: false });
    return id;
  }
  @event({ optimistic: true }) toggle(title: string) {
    const task = this.tasks.find((one) => one.title === title);
    if (task) task.done = !task.done;
  }
  @event({ optimistic: true }) remove(title: string) {
    this.tasks = this.tasks.filter((one) => one.title !== title);
  }
  /** How many toggles from now on are refused, after how many that are not. */
  @event lock(_after: number, _count: number) {}
}

/** What the server does. */
export class ServerTasks extends Tasks {
  #after = 0;
  #count = 0;
  override lock(after: number, count: number) {
    this.#after = after;
    this.#count = count;
  }
  override toggle(title: string) {
    if (this.#count > 0 && this.#after-- <= 0) {
      this.#count--;
      throw new EventError("FORBIDDEN", "It is locked.");
    }
    super.toggle(title);
  }
  override remove(title: string) {
    if (title === "milk") throw new EventError("FORBIDDEN", "Nobody removes the milk.");
    super.remove(title);
  }
}
