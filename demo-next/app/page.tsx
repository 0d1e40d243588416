import { TodoList } from "../components/todo/todo-list";
import { TwinPreload } from "../state/client";
import { twin } from "../state/server";

export default async function Page() {
  return (
    <TwinPreload state={await twin.preload({ todo: true })}>
      <TodoList />
    </TwinPreload>
  );
}
