import { createTwin, memory, scope } from "twinstate/server";
import { context } from "../context";
import { Settings } from "./settings";
import { Todo } from "./todo";
export const twin = createTwin({ stores: { todo: Todo, settings: scope.user(Settings) }, context, storage: memory() });
export type Twin = typeof twin;
