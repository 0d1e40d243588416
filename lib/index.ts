export type { Call, CallOf, EventTools, FormAction, FormState, StreamCall, TwinEvent } from "./call.js";
export { type BuiltInEffects, type Connection, type Current, type CurrentBase, current, effect, newId, type Page, type PageParams, update } from "./current.js";
export {
  type CheckedEventDecorator,
  type Computed,
  type ComputedDecorator,
  computed,
  type EventDecorator,
  type EventDecoratorFactory,
  type EventOptions,
  event,
  type InternalEventDecorator,
  type InternalEventOptions,
  type MaybeStateDecorator,
  type PrivateStateDecorator,
  type State,
  type StateDecorator,
  type StateOptions,
  state,
  type Viewer,
} from "./decorators.js";
export { type ErrorCode, EventError, type EventErrorData, StateError } from "./errors.js";
export type { Lifecycle, LifecycleName } from "./lifecycle.js";
export { type Delta, onDelta } from "./listeners.js";
export {
  type AppContext,
  type AppEffects,
  type AppErrors,
  type AppVisitor,
  type ContextRequest,
  defineContext,
  type Problem,
  type Register,
} from "./register.js";
export { isState, toPlain } from "./view.js";
export type { Internal, Loaded, LoadedOf, Pending, View, ViewOf } from "./view-types.js";
