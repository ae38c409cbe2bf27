import type { ReactNode } from 'react'
import type { RecipientState } from '../api/types.ts'
import { cx } from './cx.ts'

export type Tone = 'neutral' | 'ok' | 'warn' | 'bad' | 'info' | 'accent'

const TONES: Readonly<Record<Tone, string>> = {
  neutral: 'bg-raised text-muted',
  ok: 'bg-ok-soft text-ok',
  warn: 'bg-warn-soft text-warn',
  bad: 'bg-bad-soft text-bad',
  info: 'bg-info-soft text-info',
  accent: 'bg-accent-soft text-accent',
}

/** What a state means to a person who glances: green arrived, blue is on its way, amber wants a look, red failed. */
export const STATE_TONES: Readonly<Record<RecipientState, Tone>> = {
  pending: 'info',
  scheduled: 'info',
  held: 'warn',
  delivered: 'ok',
  bounced: 'bad',
  expired: 'bad',
  suppressed: 'warn',
  cancelled: 'neutral',
  uncertain: 'warn',
}

export function Chip({
  tone = 'neutral',
  title,
  children,
}: {
  readonly tone?: Tone
  readonly title?: string
  readonly children: ReactNode
}) {
  return (
    <span
      title={title}
      className={cx(
        'inline-flex items-center gap-1 rounded px-1.5 py-px text-xs font-medium whitespace-nowrap',
        TONES[tone],
      )}
    >
      {children}
    </span>
  )
}

export function StateChip({ state, count }: { readonly state: RecipientState; readonly count?: number }) {
  return (
    <Chip tone={STATE_TONES[state]}>
      {count !== undefined && count !== 1 && <span className="tabular">{count.toLocaleString('en')}</span>}
      {state}
    </Chip>
  )
}
