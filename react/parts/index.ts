"use client";

export { type ColorMode, type ColorTheme, useColorMode } from "./color-mode.js";
export { type Confirmation, useConfirm } from "./confirm.js";
export { type Control, type Controlled, useControl } from "./control.js";
export { type DropZone, useDrop } from "./drop.js";
export { type FormOptions, type FormParts, useForm } from "./form.js";
export { eachOnce, initialsOf } from "./people.js";
export type { AskRows, Revision, Rows, WindowOptions, WindowState } from "./row-window.js";
export { type TableOptions, type TableQuery, type TableSort, type TableState, useTable } from "./table.js";
export type { TakeFile, Upload } from "./uploads.js";
export { useWindow } from "./window.js";
