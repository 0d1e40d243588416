export {
  type Computed,
  type ComputedDecorator,
  computed,
  event,
  type MaybeStateDecorator,
  type PrivateStateDecorator,
  type State,
  type StateDecorator,
  type StateOptions,
  state,
  type Viewer,
} from "./class/decorators.js";
export type {
  CheckedEventDecorator,
  EventDecorator,
  EventDecoratorFactory,
  EventOptions,
  InternalEventDecorator,
  InternalEventOptions,
} from "./class/event-decorator-types.js";
export type { Interrupted, Lifecycle, LifecycleName } from "./class/lifecycle.js";
export { type PresenceDecorator, type PresenceDecoratorFactory, type PresenceOptions, presence } from "./class/presence.js";
export {
  type AppContext,
  type AppEffects,
  type AppErrors,
  type AppVisitor,
  type ContextRequest,
  defineContext,
  type Problem,
  type Register,
} from "./class/register.js";
export { reset } from "./class/reset.js";
export { type RunningTask, type Tasks, type TasksDecorator, tasks } from "./class/tasks.js";
export type { Internal, Loaded, LoadedOf, Pending, Person, Presence, View, ViewOf } from "./class/view-types.js";
export { type ErrorCode, EventError, type EventErrorData, StateError } from "./errors/errors.js";
export type { Call, CallOf, EventTools, FormAction, FormState, StreamCall, TwinEvent } from "./event/call-types.js";
export {
  type BuiltInEffects,
  type BuiltInHandlers,
  type Connection,
  type Current,
  type CurrentBase,
  current,
  type EventEffects,
  effect,
  newId,
  type Page,
  type PageParams,
  update,
} from "./event/current.js";
export { type Duration, type EveryOptions, type Schedule, type ScheduleOptions, schedule } from "./event/schedule.js";
export {
  progress,
  type ResumeOptions,
  type Retry,
  resume,
  type StepAttempt,
  type StepOptions,
  sleep,
  step,
  stop,
  type UntilOptions,
  until,
} from "./event/task.js";
export { type Delta, onDelta } from "./graph/listeners.js";
export { isState, toPlain } from "./view/view.js";
