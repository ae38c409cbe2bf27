import type { ReactNode } from 'react'

/** What is known of one thing: names and values. */
export function Facts({ rows }: { readonly rows: readonly (readonly [label: string, value: ReactNode])[] }) {
  return (
    <dl className="grid grid-cols-1 text-sm sm:grid-cols-[minmax(8rem,max-content)_1fr]">
      {rows.map(([label, value]) => (
        <div key={label} className="contents">
          <dt className="px-4 pt-2 text-muted sm:border-b sm:border-line sm:py-2">{label}</dt>
          <dd className="min-w-0 border-b border-line px-4 pb-2 break-words sm:py-2">{value}</dd>
        </div>
      ))}
    </dl>
  )
}
