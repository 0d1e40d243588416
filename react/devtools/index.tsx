"use client";

import { type ReactNode, useEffect } from "react";
import { NO_FAULTS } from "../../client/faulty-network.js";
import { inspectionOf } from "../../client/inspection.js";
import { useClient } from "../context.js";
import { recorderOf } from "./recorder.js";

/** The props of `<TwinDevtools>`. */
export interface TwinDevtoolsProps {
  /**
   * The corner of the page for the button.
   * @default "right"
   */
  corner?: "left" | "right";
}

/**
 * Shows what the twins of a page hold, and what its events do; replays events, and spoils the network. It goes inside `<TwinProvider>`. In production there
 * is nothing of it, neither on the page nor in its bundle.
 * @example <TwinProvider>{children}<TwinDevtools /></TwinProvider>
 */
export const TwinDevtools: (props: TwinDevtoolsProps) => ReactNode = process.env.NODE_ENV === "production" ? () => null : Devtools;

// Bundlers look for what is loaded before they leave out what is not used.
const loadPanel = process.env.NODE_ENV === "production" ? undefined : () => import("./panel.js");

function Devtools({ corner = "right" }: TwinDevtoolsProps): ReactNode {
  const client = useClient("<TwinDevtools>");
  useEffect(() => {
    const inspection = inspectionOf(client);
    if (!inspection) return;
    const recorder = recorderOf(inspection);
    const stop = recorder.start();
    let wanted = true;
    let unmount = () => {};
    void loadPanel?.().then(({ mountPanel }) => {
      if (wanted) unmount = mountPanel(recorder, corner);
    });
    return () => {
      wanted = false;
      unmount();
      stop();
      inspection.network?.set(NO_FAULTS);
    };
  }, [client, corner]);
  return null;
}
