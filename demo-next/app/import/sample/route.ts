const NAMES = ["Ada", "Bela", "Chen", "Dora", "Emil", "Fatma", "Goran", "Hana", "Ines", "Jomo"];
const FAMILIES = ["Abe", "Berg", "Costa", "Diaz", "Eriksen", "Fofana", "Garcia", "Horvat", "Ito", "Jansen"];
const CITIES = ["Accra", "Bergen", "Cork", "Delhi", "Eger", '"Fort-de-France, Martinique"', "Graz"];

/** Rows that an import refuses: one in a hundred. */
const WRONG = [",nobody@example.com,Cork", "Ada Berg,ada at example,Graz", "Chen Abe,,Delhi", "Ines Ito,person1@example.com,Eger", "Emil Diaz,emil@,Accra"];

/** A file of 500 rows: prerendered, the same for everybody. */
export const dynamic = "force-static";

export function GET() {
  const rows = Array.from({ length: 500 }, (_, i) => {
    if (i % 100 === 99) return WRONG[(i - 99) / 100];
    return `${NAMES[i % 10]} ${FAMILIES[Math.floor(i / 10) % 10]},person${i + 1}@example.com,${CITIES[i % 7]}`;
  });
  const headers = { "content-type": "text/csv; charset=utf-8", "content-disposition": 'attachment; filename="contacts.csv"' };
  return new Response(["name,email,city", ...rows, ""].join("\n"), { headers });
}
