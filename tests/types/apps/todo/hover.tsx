import { useBoard } from "../board/client";
import { twin as boardTwin } from "../board/server";
import { useSettings, useTodo } from "./client";
import { twin } from "./server";
export function H() {
  const todo = useTodo();
  const board = useBoard("k");
  const item = todo.items[0];
  todo.add("x");
  const call = todo.importFrom("u");
  board.columns[0]?.cards[0]?.rename("x");
  void useSettings;
  void twin;
  void item;
  void call;
  const n = useTodo((t) => t.left);
  void n;
  void boardTwin.board("k").add("x");
  void todo.left;
}
