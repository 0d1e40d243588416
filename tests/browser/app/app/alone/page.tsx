import { Suspense } from "react";
import { Notes } from "../../components/notes";

/** A page that is the same for everybody: its state comes once it is open. */
export default function Page() {
  return (
    <Suspense fallback={<p>Loading</p>}>
      <Notes name="alone" />
    </Suspense>
  );
}
