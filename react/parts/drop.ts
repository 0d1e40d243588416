import { type DragEvent, useEffect, useLayoutEffect, useState, useSyncExternalStore } from "react";
import { type TakeFile, type Upload, Uploads } from "./uploads.js";

/** A place for files: props for its elements, and what came of the files. `T` is the value of the event. */
export interface DropZone<T> {
  /** Props for the element that files are dropped on. `data-over` is there while files are held over it. */
  readonly zone: {
    readonly "data-over": true | undefined;
    onDragEnter(event: DragEvent): void;
    onDragOver(event: DragEvent): void;
    onDragLeave(event: DragEvent): void;
    onDrop(event: DragEvent): void;
  };
  /** Props for the `<input>`, by which files are chosen with the keyboard too. */
  readonly input: { readonly type: "file"; readonly multiple: true; onChange(event: { target: HTMLInputElement }): void };
  /** The files, in the order in which they were given. */
  readonly uploads: readonly Upload<T>[];
  /** Whether a file is waiting or on its way. */
  readonly pending: boolean;
  /** Sends files: each is a call, three at a time. */
  add(files: Iterable<File>): void;
  cancel(id: number): void;
  /** Sends a file again that was refused or cancelled. */
  retry(id: number): void;
  /** Takes a file off the list. One that is on its way is cancelled. */
  remove(id: number): void;
}

/**
 * Files that are dropped or chosen, each sent to an event of its own call, with its progress. A file that misses the zone is not opened by the browser.
 * @param event an event that takes one file
 * @example
 * const { zone, input, uploads } = useDrop(gallery.add);
 * return <label {...zone}>Drop pictures here<input {...input} accept="image/*" /></label>;
 */
export function useDrop<T>(event: TakeFile<T>): DropZone<T> {
  const [files] = useState(() => new Uploads<T>());
  const uploads = useSyncExternalStore(files.list.subscribe, files.list.get, files.list.get);
  useLayoutEffect(() => {
    files.send = event;
  });
  // Each element that the pointer enters and leaves within the zone tells both.
  const [depth, setDepth] = useState(0);
  useEffect(guardPage, []);
  useEffect(() => {
    files.shown = true;
    return () => {
      files.shown = false;
    };
  }, [files]);
  return {
    zone: {
      "data-over": depth > 0 || undefined,
      onDragEnter: (drag) => hasFiles(drag) && setDepth((now) => now + 1),
      onDragOver: (drag) => hasFiles(drag) && drag.preventDefault(),
      onDragLeave: (drag) => hasFiles(drag) && setDepth((now) => Math.max(0, now - 1)),
      onDrop(drag) {
        if (!hasFiles(drag)) return;
        drag.preventDefault();
        setDepth(0);
        files.add(drag.dataTransfer.files);
      },
    },
    input: {
      type: "file",
      multiple: true,
      onChange({ target }) {
        files.add([...(target.files ?? [])]);
        // The same file may be chosen again.
        target.value = "";
      },
    },
    uploads,
    pending: uploads.some(({ phase }) => phase === "waiting" || phase === "sending"),
    add: files.add,
    cancel: files.cancel,
    retry: files.retry,
    remove: files.remove,
  };
}

const hasFiles = ({ dataTransfer }: DragEvent) => dataTransfer.types.includes("Files");

/** A file that is dropped beside a zone would replace the page. */
function guardPage(): () => void {
  const prevent = (drag: globalThis.DragEvent) => {
    if (drag.dataTransfer?.types.includes("Files")) drag.preventDefault();
  };
  window.addEventListener("dragover", prevent);
  window.addEventListener("drop", prevent);
  return () => {
    window.removeEventListener("dragover", prevent);
    window.removeEventListener("drop", prevent);
  };
}
