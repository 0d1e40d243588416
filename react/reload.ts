interface NavigateEvent extends Event {
  readonly destination: { readonly url: string };
  readonly hashChange: boolean;
}

/** Reloads the page with its next navigation: no user loses unsaved input, and no page stays on an old version for long. */
export function reloadAtNavigation(): void {
  const { navigation } = window as { navigation?: EventTarget };
  navigation?.addEventListener("navigate", function navigate(event) {
    const { hashChange, destination } = event as NavigateEvent;
    if (hashChange) return;
    navigation.removeEventListener("navigate", navigate);
    location.assign(destination.url);
  });
}
