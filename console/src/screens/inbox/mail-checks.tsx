import type { Captured } from '../../api/types.ts'
import { cx } from '../../ui/cx.ts'
import { AlertIcon, CheckIcon, CrossIcon } from '../../ui/icons.tsx'

type Check = Captured['checks'][number]

const LOOKS = {
  ok: { icon: CheckIcon, ink: 'text-ok', word: 'Fine' },
  warning: { icon: AlertIcon, ink: 'text-warn', word: 'Warning' },
  problem: { icon: CrossIcon, ink: 'text-bad', word: 'Problem' },
} as const

const ORDER: readonly Check['state'][] = ['problem', 'warning', 'ok']

/** What a receiver would find fault with, the worst first. */
export function MailChecks({ checks }: { readonly checks: readonly Check[] }) {
  const faults = checks.filter(({ state }) => state !== 'ok').length
  const sorted = checks.toSorted((a, b) => ORDER.indexOf(a.state) - ORDER.indexOf(b.state))
  return (
    <>
      <p className="border-b border-line px-4 py-2 text-xs text-muted">
        {faults === 0
          ? `All ${checks.length} checks are fine.`
          : `${faults} of ${checks.length} checks found something.`}{' '}
        They look at the mail alone; reputation and DNS are judged by whoever receives it.
      </p>
      <ul>
        {sorted.map((check) => {
          const { icon: Icon, ink, word } = LOOKS[check.state]
          return (
            <li key={check.name} className="flex gap-3 border-b border-line px-4 py-2.5">
              <Icon className={cx('mt-0.5 size-4 shrink-0', ink)} />
              <div className="min-w-0">
                <p className="font-medium">
                  <span className="sr-only">{word}: </span>
                  {check.name}
                </p>
                <p className="text-sm break-words text-muted">{check.detail}</p>
              </div>
            </li>
          )
        })}
      </ul>
    </>
  )
}
