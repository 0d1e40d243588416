import { Suspense } from "react";
import { createRoot } from "react-dom/client";
import { createHooks, useField } from "twinstate/react";
import type { Scoped } from "../../../server/definition/scope.js";
import { Form } from "../kit/form.js";

interface Twin {
  readonly "~stores": { form: Scoped<"room", Form> };
  readonly "~models": {};
}
const { TwinProvider, useForm } = createHooks<Twin>({ stores: { form: Form } });

const key = location.hash.slice(1);

/** As one would write it without a field. */
function Controlled() {
  const form = useForm(key);
  return <input value={form.title} onChange={(event) => void form.setTitle(event.target.value)} aria-label="Title" />;
}

function Editor() {
  const form = useForm(key);
  const title = useField(form, "title", key.startsWith("optimistic") ? form.setNow : form.setTitle);
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
    <Suspense>{key.startsWith("controlled") ? <Controlled /> : <Editor />}</Suspense>
  </TwinProvider>,
);
