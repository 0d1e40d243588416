import { Component, type ReactNode } from "react";

/** Shows an error's message. */
export class Boundary extends Component<{ children: ReactNode }> {
  override state: { error?: Error } = {};

  static getDerivedStateFromError(error: Error) {
    return { error };
  }

  override render() {
    const { error } = this.state;
    return error ? <em>{`${(error as { code?: string }).code}: ${error.message}`}</em> : this.props.children;
  }
}
