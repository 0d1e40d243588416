import { type ClassSchema, classSchema, taskFields } from "../../lib/class/schema.js";
import { durableGenerator, durableInModel, durableInQueue, durableWith, tasksInModel } from "../../lib/errors/task-errors.js";
import type { ModelClass, StoreClass } from "./scope.js";

/** @throws StateError where a durable event of a store could not go on after a kill */
export function checkDurableEvents(store: string, { events }: ClassSchema, Class: StoreClass): void {
  for (const { name, background, durable, optimistic, volatile, timeout } of events.values()) {
    if (!durable) continue;
    const label = `${store}.${name}`;
    if (!background) throw durableInQueue(label);
    for (const [option, set] of Object.entries({ optimistic, volatile, timeout: timeout !== undefined })) if (set) throw durableWith(label, option);
    if (/Generator/.test(Object.prototype.toString.call(Reflect.get(Class.prototype, name)))) throw durableGenerator(label);
  }
}

/** @throws StateError where a model has durable events, or lists them */
export function refuseDurable(model: string, Class: ModelClass): void {
  const schema = classSchema(Class);
  for (const field of taskFields(schema)) throw tasksInModel(Class.name, field.name);
  for (const { name, durable } of schema.events.values()) if (durable) throw durableInModel(`${model}.${name}`);
}
