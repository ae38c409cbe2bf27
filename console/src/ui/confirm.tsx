import { useState, type FormEvent, type ReactNode } from 'react'
import { describeFailure } from '../api/problem.ts'
import { Button } from './button.tsx'
import { Dialog } from './dialog.tsx'
import { Field } from './field.tsx'

/**
 * Asks before something is done that hurts: what will happen, why it is done where that is recorded, and a word to type where a slip would be
 * dear. A failure is shown in place and the question stays.
 */
export function Confirm({
  title,
  action,
  danger = false,
  reason,
  typed,
  disabledReason,
  onConfirm,
  onClose,
  children,
}: {
  readonly title: string
  /** What the button says: a verb. */
  readonly action: string
  readonly danger?: boolean
  readonly reason?: 'required' | 'optional'
  /** A text that must be typed first, such as the name of what is deleted. */
  readonly typed?: string
  readonly disabledReason?: string | undefined
  /** `reason` is empty where none was asked for or given. */
  readonly onConfirm: (reason: string) => Promise<unknown>
  readonly onClose: () => void
  readonly children?: ReactNode
}) {
  const [why, setWhy] = useState('')
  const [word, setWord] = useState('')
  const [isBusy, setIsBusy] = useState(false)
  const [failure, setFailure] = useState<string>()
  const lacks =
    disabledReason ??
    (typed !== undefined && word.trim() !== typed
      ? `Type ${typed} first.`
      : reason === 'required' && why.trim() === ''
        ? 'Say why first.'
        : undefined)
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    if (lacks !== undefined || isBusy) return
    setIsBusy(true)
    setFailure(undefined)
    onConfirm(why.trim()).then(onClose, (error: unknown) => {
      const { title: what, detail } = describeFailure(error)
      setFailure(`${what}: ${detail}`)
      setIsBusy(false)
    })
  }
  return (
    <Dialog title={title} onClose={onClose}>
      <form onSubmit={submit}>
        <div className="mb-4 text-sm text-muted">{children}</div>
        {reason !== undefined && (
          <Field
            label={reason === 'required' ? 'Why' : 'Why (optional)'}
            name="reason"
            value={why}
            onChange={(event) => setWhy(event.target.value)}
            maxLength={500}
            hint="Kept in the audit log."
            autoFocus
          />
        )}
        {typed !== undefined && (
          <Field
            label={`Type ${typed} to go on`}
            name="typed"
            value={word}
            onChange={(event) => setWord(event.target.value)}
            autoComplete="off"
          />
        )}
        {failure !== undefined && (
          <p role="alert" className="mb-4 text-sm break-words text-bad">
            {failure}
          </p>
        )}
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" look={danger ? 'danger' : 'main'} disabled={isBusy} disabledReason={lacks}>
            {isBusy ? 'Working…' : action}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
