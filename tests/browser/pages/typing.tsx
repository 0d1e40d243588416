import { Suspense } from "react";
import { createRoot } from "react-dom/client";
import { createHooks, useField } from "twinstate/react";
import type { Scoped } from "../../../server/scope.js";
import type { Form } from "../kit/form.js";

interface Twin {
  readonly "~stores": { form: Scoped<"room", Form> };
  readonly "~models": {};
}
const { TwinProvider, useForm } = createHooks<Twin>();

const key = location.hash.slice(1);

function Editor() {
  const form = useForm(key);
  const title = useField(form, "title");
  return (
    <>
      <input {...title} aria-label="Title" />
      <output>{form.ticks}</output>
      <p role="alert">{title.error?.message}</p>
    </>
  );
}

createRoot(document.querySelector("main") as HTMLElement).render(
  <TwinProvider>
    <Suspense>
      <Editor />
    </Suspense>
  </TwinProvider>,
);
