"use client";
import { type ReactNode, useEffect, useRef, useState } from "react";
import { useEvent } from "twinstate/react";
import { type FormParts, useForm } from "twinstate/react/parts";
import type { Order } from "@/db/schema";
import { useOrders } from "@/state/client";
import { CATEGORIES } from "@/state/query";
import { BUTTON, DANGER, FIELD, PRIMARY } from "./button";

/** The form of a new order, or of one that is there. The server says what is wrong with its fields. */
export function OrderDialog({ order, onClose }: { order: Order | undefined; onClose(): void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const form = useForm(useOrders().save.form, { onDone: () => dialog.current?.close() });
  const [deleting, setDeleting] = useState(false);
  const close = () => dialog.current?.close();
  useEffect(() => dialog.current?.showModal(), []);
  const customer = form.field("customer");
  const category = form.field("category");
  const amount = form.field("amount");
  return (
    <dialog
      ref={dialog}
      aria-labelledby="order-title"
      className="m-auto w-[min(26rem,calc(100%-2rem))] rounded-2xl border border-line bg-surface p-6 text-foreground backdrop:bg-black/50"
      onClose={onClose}
    >
      <h2 id="order-title" className="mb-4 text-xl font-semibold">
        {order ? "Edit the order" : "New order"}
      </h2>
      <form {...form.form} className="space-y-4" noValidate>
        {order && <input type="hidden" name="id" value={order.id} />}
        <Field form={form} name="customer" label="Customer">
          <input defaultValue={order?.customer} {...customer} className={FIELD} autoComplete="off" />
        </Field>
        <Field form={form} name="category" label="Category">
          <select defaultValue={order?.category} {...category} className={FIELD}>
            {CATEGORIES.map((each) => (
              <option key={each}>{each}</option>
            ))}
          </select>
        </Field>
        <Field form={form} name="amount" label="Amount in EUR">
          <input defaultValue={order && (order.amount / 100).toFixed(2)} {...amount} inputMode="decimal" className={FIELD} autoComplete="off" />
        </Field>
        {form.problem && (
          <p role="alert" className="text-sm text-red-700 dark:text-red-400">
            {form.problem}
          </p>
        )}
        {!deleting && (
          <div className="flex justify-end gap-2">
            {order && (
              <button type="button" className={`${BUTTON} mr-auto`} onClick={() => setDeleting(true)}>
                Delete
              </button>
            )}
            <button type="button" className={BUTTON} onClick={close}>
              Cancel
            </button>
            <button type="submit" className={PRIMARY} disabled={form.pending}>
              Save
            </button>
          </div>
        )}
      </form>
      {order && deleting && <Deletion order={order} onKeep={() => setDeleting(false)} onDone={close} />}
    </dialog>
  );
}

const focus = (element: HTMLElement | null) => element?.focus();

/** Asks first: a deleted order does not come back. */
function Deletion({ order, onKeep, onDone }: { order: Order; onKeep(): void; onDone(): void }) {
  const [remove, { pending, error }] = useEvent(useOrders().remove);
  return (
    <div role="alert" className="mt-4 space-y-3">
      <p className="text-sm">{error ? error.message : `Delete the order of ${order.customer} for everybody?`}</p>
      <div className="flex justify-end gap-2">
        {/* The focus begins where Enter does no harm. */}
        <button ref={focus} type="button" className={BUTTON} onClick={onKeep}>
          Keep it
        </button>
        {/* `error` shows why it was refused. */}
        <button type="button" className={DANGER} disabled={pending} onClick={() => void remove(order.id).then(onDone, () => {})}>
          Delete it
        </button>
      </div>
    </div>
  );
}

function Field({ form, name, label, children }: { form: FormParts<unknown>; name: string; label: string; children: ReactNode }) {
  const problem = form.problemOf(name);
  return (
    <div>
      {/* biome-ignore lint/a11y/noLabelWithoutControl: `form.label` names the control among the children */}
      <label {...form.label(name)} className="mb-1 block text-sm text-muted">
        {label}
      </label>
      {children}
      {problem && (
        <p {...form.message(name)} className="mt-1 text-sm text-red-700 dark:text-red-400">
          {problem}
        </p>
      )}
    </div>
  );
}
