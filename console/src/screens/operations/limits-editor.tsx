import type { Quota } from '@bulkhead/sdk'
import { useState, type FormEvent } from 'react'
import { describeFailure } from '../../api/problem.ts'
import { LANES } from '../../api/types.ts'
import { Button, IconButton } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { CrossIcon } from '../../ui/icons.tsx'
import type { WantedLimits } from './limits-panel.tsx'

const PERIODS = ['minute', 'hour', 'day', 'month'] as const
const LIMIT_LANES = ['all', ...LANES] as const
const LIMITS_MAX = 20

interface Draft {
  readonly id: number
  readonly lane: (typeof LIMIT_LANES)[number]
  readonly period: (typeof PERIODS)[number]
  /** As it was typed. */
  readonly amount: string
  readonly burst: string
}

/** All limits of a layer at once: what is left out ends. */
export function LimitsEditor({
  title,
  limits,
  onSave,
  onClose,
}: {
  readonly title: string
  readonly limits: readonly Quota[]
  readonly onSave: (limits: WantedLimits) => Promise<unknown>
  readonly onClose: () => void
}) {
  const [drafts, setDrafts] = useState<readonly Draft[]>(() =>
    limits.length === 0
      ? [emptyDraft(0)]
      : limits.map((limit, id) => ({
          id,
          lane: limit.lane,
          period: limit.period,
          amount: String(limit.amount),
          burst: limit.burst === limit.amount ? '' : String(limit.burst),
        })),
  )
  const [isBusy, setIsBusy] = useState(false)
  const [failure, setFailure] = useState<string>()
  const change = (id: number, some: Partial<Draft>): void =>
    setDrafts(drafts.map((draft) => (draft.id === id ? { ...draft, ...some } : draft)))
  const wrong = problemOf(drafts)
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    if (wrong !== undefined || isBusy) return
    setIsBusy(true)
    setFailure(undefined)
    onSave(drafts.map(wantedOf)).then(onClose, (error: unknown) => {
      setFailure(describeFailure(error).detail)
      setIsBusy(false)
    })
  }
  return (
    <Dialog title={title} onClose={onClose}>
      <form onSubmit={submit}>
        <p className="mb-3 text-sm text-muted">
          Minute and hour refill all the time; day and month start anew in UTC. What was counted stays
          counted.
        </p>
        <ul className="flex flex-col gap-3">
          {drafts.map((draft, place) => (
            <li key={draft.id}>
              <fieldset className="flex flex-wrap items-end gap-2">
                <legend className="sr-only">Limit {place + 1}</legend>
                <Amount
                  label="Recipients"
                  value={draft.amount}
                  onChange={(amount) => change(draft.id, { amount })}
                />
                <Choice
                  label="in a"
                  value={draft.period}
                  choices={PERIODS}
                  onChange={(period) => change(draft.id, { period })}
                />
                <Choice
                  label="Lane"
                  value={draft.lane}
                  choices={LIMIT_LANES}
                  onChange={(lane) => change(draft.id, { lane })}
                />
                {isRate(draft) && (
                  <Amount
                    label="at once"
                    value={draft.burst}
                    placeholder="as many"
                    onChange={(burst) => change(draft.id, { burst })}
                  />
                )}
                <IconButton
                  label={`Remove limit ${place + 1}`}
                  onClick={() => setDrafts(drafts.filter(({ id }) => id !== draft.id))}
                >
                  <CrossIcon />
                </IconButton>
              </fieldset>
            </li>
          ))}
        </ul>
        {drafts.length === 0 && <p className="text-sm">Without a limit here, only those of others hold.</p>}
        <Button
          look="quiet"
          className="mt-2"
          disabledReason={drafts.length >= LIMITS_MAX ? 'There are at most 20 limits.' : undefined}
          onClick={() => setDrafts([...drafts, emptyDraft(1 + Math.max(-1, ...drafts.map(({ id }) => id)))])}
        >
          Add a limit
        </Button>
        {failure !== undefined && (
          <p role="alert" className="mt-2 text-sm break-words text-bad">
            {failure}
          </p>
        )}
        <div className="mt-4 flex justify-end gap-2">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" look="main" disabled={isBusy} disabledReason={wrong}>
            {isBusy ? 'Working…' : 'Save'}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}

function Amount({
  label,
  value,
  placeholder,
  onChange,
}: {
  readonly label: string
  readonly value: string
  readonly placeholder?: string
  readonly onChange: (value: string) => void
}) {
  return (
    <label className="w-24 text-xs text-muted">
      {label}
      <input
        inputMode="numeric"
        value={value}
        placeholder={placeholder}
        maxLength={10}
        onChange={(event) => onChange(event.target.value)}
        className="mt-0.5 h-8 w-full rounded-md border border-line-strong bg-surface px-2 text-sm text-ink placeholder:text-muted"
      />
    </label>
  )
}

function Choice<Value extends string>({
  label,
  value,
  choices,
  onChange,
}: {
  readonly label: string
  readonly value: Value
  readonly choices: readonly Value[]
  readonly onChange: (value: Value) => void
}) {
  return (
    <label className="w-28 text-xs text-muted">
      {label}
      <select
        value={value}
        onChange={(event) => {
          const chosen = choices.find((choice) => choice === event.target.value)
          if (chosen !== undefined) onChange(chosen)
        }}
        className="mt-0.5 h-8 w-full rounded-md border border-line-strong bg-surface px-2 text-sm text-ink"
      >
        {choices.map((choice) => (
          <option key={choice}>{choice}</option>
        ))}
      </select>
    </label>
  )
}

function emptyDraft(id: number): Draft {
  return { id, lane: 'all', period: 'day', amount: '', burst: '' }
}

function isRate({ period }: Draft): boolean {
  return period === 'minute' || period === 'hour'
}

function wantedOf(draft: Draft): WantedLimits[number] {
  const { lane, period } = draft
  return {
    lane,
    period,
    amount: Number(draft.amount),
    ...(isRate(draft) && draft.burst.trim() !== '' ? { burst: Number(draft.burst) } : {}),
  }
}

const isNumber = (text: string): boolean => /^[1-9]\d{0,9}$/.test(text.trim())

function problemOf(drafts: readonly Draft[]): string | undefined {
  if (!drafts.every(({ amount }) => isNumber(amount))) return 'Give each limit a whole number of recipients.'
  if (!drafts.every((draft) => !isRate(draft) || draft.burst.trim() === '' || isNumber(draft.burst)))
    return 'Write a whole number of recipients at once, or leave it empty.'
  const names = drafts.map(({ lane, period }) => `${lane} ${period}`)
  return new Set(names).size < names.length ? 'Two limits are for the same lane and period.' : undefined
}
