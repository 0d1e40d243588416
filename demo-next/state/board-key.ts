import { newId } from "twinstate";

/** Whether a text can be the key of a board, as it stands in the URL. */
export const isBoardKey = (key: string) => /^[a-z0-9-]{1,40}$/.test(key);

/** The key of a board that nobody knows yet. */
export const newBoardKey = () =>
  newId()
    .toLowerCase()
    .replace(/[^a-z0-9]/g, "")
    .slice(0, 12);
