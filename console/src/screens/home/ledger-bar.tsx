import { Link } from '@tanstack/react-router'
import type { Ledger } from '../../api/types.ts'
import { formatCount } from '../../format.ts'
import { equationTerms } from '../../shell/ledger-equation.ts'
import { STATE_TONES, type Tone } from '../../ui/chip.tsx'
import { cx } from '../../ui/cx.ts'

const FILLS: Readonly<Record<Tone, string>> = {
  neutral: 'bg-line-strong',
  ok: 'bg-ok',
  warn: 'bg-warn',
  bad: 'bg-bad',
  info: 'bg-info',
  accent: 'bg-accent',
}

/** The ledger as numbers over a bar; each number leads to its messages. */
export function LedgerBar({ ledger }: { readonly ledger: Ledger }) {
  const terms = equationTerms(ledger)
  return (
    <div className="p-4">
      <div className="flex h-2 overflow-hidden rounded-full bg-raised" aria-hidden="true">
        {terms.map(({ state, count }) => (
          // The width is data, not style: it is set on the element, which the policy allows.
          <div key={state} className={FILLS[STATE_TONES[state]]} style={{ flexGrow: count }} />
        ))}
      </div>
      <ul className="mt-3 grid grid-cols-2 gap-x-6 gap-y-3 sm:grid-cols-3 md:grid-cols-[repeat(auto-fit,minmax(7rem,1fr))]">
        <Number label="accepted" count={ledger.accepted} fill="bg-transparent" />
        {terms.map(({ state, count }) => (
          <Number key={state} label={state} count={count} fill={FILLS[STATE_TONES[state]]} state={state} />
        ))}
      </ul>
    </div>
  )
}

function Number({
  label,
  count,
  fill,
  state,
}: {
  readonly label: string
  readonly count: number
  readonly fill: string
  readonly state?: keyof typeof STATE_TONES
}) {
  return (
    <li>
      <Link
        to="/messages"
        search={state === undefined ? {} : { state }}
        className="block rounded hover:underline"
      >
        <span className="tabular block text-xl leading-7 font-semibold">{formatCount(count)}</span>
        <span className="flex items-center gap-1.5 text-xs text-muted">
          {state !== undefined && <span aria-hidden="true" className={cx('size-2 rounded-full', fill)} />}
          {label}
        </span>
      </Link>
    </li>
  )
}
