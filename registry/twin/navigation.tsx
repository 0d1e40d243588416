"use client";
import Link from "next/link";
import { usePathname } from "next/navigation";

interface Page {
  readonly href: string;
  readonly title: string;
}

/** Links to the pages. `<TwinProvider>` stays in the layout, so stores that the next page uses too are not fetched again. */
export function Navigation({ pages, label = "Pages" }: { pages: readonly Page[]; label?: string }) {
  const path = usePathname();
  return (
    <nav aria-label={label} className="max-w-full overflow-x-auto">
      <ul className="flex gap-1 p-1">
        {pages.map(({ href, title }) => (
          <li key={href}>
            <Link
              href={href}
              aria-current={isUnder(path, href) ? "page" : undefined}
              className="block rounded-md px-3 py-1.5 text-sm font-medium whitespace-nowrap outline-none hover:bg-accent focus-visible:ring-3 focus-visible:ring-ring/50 aria-[current]:bg-accent aria-[current]:text-accent-foreground"
            >
              {title}
            </Link>
          </li>
        ))}
      </ul>
    </nav>
  );
}

const isUnder = (path: string, href: string) => path === href || (href !== "/" && path.startsWith(`${href}/`));
