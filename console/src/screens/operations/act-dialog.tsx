import { useQueryClient } from '@tanstack/react-query'
import { useState, type FormEvent } from 'react'
import { describeFailure } from '../../api/problem.ts'
import { formatCount } from '../../format.ts'
import { Button } from '../../ui/button.tsx'
import { cx } from '../../ui/cx.ts'
import { Dialog } from '../../ui/dialog.tsx'
import { Field, Select } from '../../ui/field.tsx'
import { useToast } from '../../ui/toast.tsx'
import { ActFields } from './act-fields.tsx'
import { ActPreview } from './act-preview.tsx'
import { useQueueCalls } from './operations-queries.ts'
import { ACT_KINDS, ACT_WORDS, type ActKind } from './queue-words.ts'
import { usePreview, type ActFilter, type ActForm } from './use-preview.ts'

const HOURS = [
  [0, 'until you resume it'],
  [1, 'for an hour'],
  [4, 'for 4 hours'],
  [24, 'for a day'],
  [72, 'for 3 days'],
] as const
const GRACE = [
  [600, '10 minutes to undo it'],
  [3_600, 'an hour to undo it'],
  [86_400, 'a day to undo it'],
] as const
const SPREAD = [
  [0, 'at once'],
  [60, 'over a minute'],
  [600, 'over 10 minutes'],
  [3_600, 'over an hour'],
] as const

/** Chooses an act and what it is about, shows what it would touch, and does it. */
export function ActDialog({
  initial,
  onClose,
}: {
  readonly initial: ActFilter
  readonly onClose: () => void
}) {
  const calls = useQueueCalls()
  const client = useQueryClient()
  const toast = useToast()
  const [form, setForm] = useState<ActForm>(() => ({
    act: 'pause',
    filter: initial,
    pauseHours: 0,
    graceSeconds: 600,
    spreadSeconds: 60,
    openedAtMs: Date.now(),
  }))
  const [reason, setReason] = useState('')
  const [isBusy, setIsBusy] = useState(false)
  const [failure, setFailure] = useState<string>()
  const { preview, isCurrent } = usePreview(form)
  const shown = preview.data
  const touches = shown?.expected ?? 0
  const lacks =
    shown === undefined || !isCurrent
      ? 'Wait until it is shown what this touches.'
      : touches === 0 && form.act !== 'pause'
        ? 'It would touch nothing.'
        : reason.trim() === ''
          ? 'Say why first.'
          : undefined
  const words = ACT_WORDS[form.act]
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    if (lacks !== undefined || shown === undefined || isBusy) return
    setIsBusy(true)
    setFailure(undefined)
    calls.create({ token: shown.token, expected: shown.expected, reason: reason.trim() }).then(
      () => {
        toast(`${words.done}: begun. Its progress is in the list of acts.`)
        void client.invalidateQueries({ queryKey: ['queue'] })
        onClose()
      },
      (error: unknown) => {
        setFailure(describeFailure(error).detail)
        setIsBusy(false)
        void preview.refetch()
      },
    )
  }
  return (
    <Dialog title="Act on the queue" onClose={onClose}>
      <form onSubmit={submit}>
        <Kinds chosen={form.act} onChoose={(act) => setForm({ ...form, act })} />
        <p className="mt-2 mb-3 text-sm text-muted">{words.does}</p>
        <ActFields
          filter={form.filter}
          withReply={form.act !== 'pause'}
          onChange={(filter) => setForm({ ...form, filter })}
        />
        <div className="mb-4">
          {form.act === 'pause' && (
            <Span
              label="How long"
              value={form.pauseHours}
              choices={HOURS}
              onChange={(pauseHours) => setForm({ ...form, pauseHours })}
            />
          )}
          {form.act === 'expire' && (
            <Span
              label="Time of grace"
              value={form.graceSeconds}
              choices={GRACE}
              onChange={(graceSeconds) => setForm({ ...form, graceSeconds })}
            />
          )}
          {form.act === 'requeue' && (
            <Span
              label="Spread"
              value={form.spreadSeconds}
              choices={SPREAD}
              onChange={(spreadSeconds) => setForm({ ...form, spreadSeconds })}
            />
          )}
        </div>
        <ActPreview preview={preview} isCurrent={isCurrent} />
        <Field
          label="Why"
          name="reason"
          value={reason}
          maxLength={500}
          onChange={(event) => setReason(event.target.value)}
          hint="Kept in the audit log and shown to those whose mail it is."
        />
        {failure !== undefined && (
          <p role="alert" className="mb-4 text-sm break-words text-bad">
            {failure}
          </p>
        )}
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Leave it</Button>
          <Button
            type="submit"
            look={form.act === 'expire' ? 'danger' : 'main'}
            disabled={isBusy}
            disabledReason={lacks}
          >
            {isBusy
              ? 'Working…'
              : `${words.name}${shown === undefined || !isCurrent ? '' : ` ${formatCount(touches)}${touches === 1 ? ' recipient' : ' recipients'}`}`}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}

function Kinds({
  chosen,
  onChoose,
}: {
  readonly chosen: ActKind
  readonly onChoose: (act: ActKind) => void
}) {
  return (
    <fieldset>
      <legend className="sr-only">What to do</legend>
      <div className="flex flex-wrap gap-1">
        {ACT_KINDS.map((act) => (
          <label
            key={act}
            className={cx(
              'flex h-8 cursor-pointer items-center rounded-md border px-2.5 text-sm font-medium has-focus-visible:outline-2 has-focus-visible:outline-accent',
              act === chosen
                ? 'border-accent bg-accent-soft text-accent'
                : 'border-line-strong text-muted hover:text-ink',
            )}
          >
            <input
              type="radio"
              name="act"
              value={act}
              checked={act === chosen}
              onChange={() => onChoose(act)}
              className="sr-only"
            />
            {ACT_WORDS[act].name}
          </label>
        ))}
      </div>
    </fieldset>
  )
}

function Span({
  label,
  value,
  choices,
  onChange,
}: {
  readonly label: string
  readonly value: number
  readonly choices: readonly (readonly [value: number, words: string])[]
  readonly onChange: (value: number) => void
}) {
  return (
    <Select label={label} value={String(value)} onChange={(event) => onChange(Number(event.target.value))}>
      {choices.map(([choice, words]) => (
        <option key={choice} value={String(choice)}>
          {words}
        </option>
      ))}
    </Select>
  )
}
