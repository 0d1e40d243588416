import { createRoot } from "react-dom/client";
import { createHooks } from "twinstate/react";
import { TwinDevtools } from "twinstate/react/devtools";
import { expect, test } from "vitest";
import { page } from "vitest/browser";

const { TwinProvider } = createHooks<{ "~stores": {}; "~models": {} }>();

// In a file of its own, as a page cannot get rid of its policy.
test("the devtools have their styles where a policy forbids all styles in the page", async () => {
  (globalThis as { IS_REACT_ACT_ENVIRONMENT?: boolean }).IS_REACT_ACT_ENVIRONMENT = false;
  const violations: string[] = [];
  document.addEventListener("securitypolicyviolation", ({ violatedDirective }) => violations.push(violatedDirective));
  const policy = document.head.appendChild(document.createElement("meta"));
  policy.httpEquiv = "Content-Security-Policy";
  policy.content = "style-src 'none'; img-src 'none'; font-src 'none'";
  const forbidden = document.createElement("style");
  forbidden.textContent = "main { color: red }";
  document.head.append(forbidden);
  await expect.poll(() => violations).toEqual(["style-src-elem"]);
  const root = createRoot(document.body.appendChild(document.createElement("main")));
  root.render(
    <TwinProvider>
      <TwinDevtools corner="left" />
    </TwinProvider>,
  );
  const opener = page.getByRole("button", { name: "Open the twinstate devtools" });
  await expect.element(opener).toBeVisible();
  expect(getComputedStyle(opener.element()).position).toBe("fixed");
  expect(opener.element().getBoundingClientRect().left).toBe(12);
  await opener.click();
  const panel = page.getByRole("region", { name: "twinstate devtools" });
  await expect.element(panel).toBeVisible();
  expect([panel.element().getBoundingClientRect().height, getComputedStyle(panel.element()).position]).toEqual([320, "fixed"]);
  expect(violations).toEqual(["style-src-elem"]);
  root.unmount();
  (globalThis as { IS_REACT_ACT_ENVIRONMENT?: boolean }).IS_REACT_ACT_ENVIRONMENT = true;
});
