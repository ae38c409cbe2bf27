import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState, type FormEvent } from 'react'
import { describeFailure } from '../../api/problem.ts'
import type { Message } from '../../api/types.ts'
import { inputTime } from '../../format.ts'
import { useSession } from '../../session/session.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { useMay } from '../../ui/guard.tsx'
import { ResendDialog } from './resend-dialog.tsx'

const WAITING: ReadonlySet<string> = new Set(['pending', 'scheduled', 'held'])
const HOUR_MS = 3_600_000

/** What can still be done: recipients that wait can be cancelled or moved to another time, others can get it again. */
export function MessageActions({ message }: { readonly message: Message }) {
  const [open, setOpen] = useState<'cancel' | 'reschedule' | 'resend'>()
  const mayNot = useMay('messages:send')
  const waiting = message.recipients.filter((recipient) => WAITING.has(recipient.state)).length
  const reason = mayNot ?? (waiting === 0 ? 'No recipient waits any more.' : undefined)
  const noAgain =
    mayNot ??
    (message.sensitive
      ? 'Sensitive: its content is readable by nobody. Have it made anew, with a new code or link.'
      : waiting === message.recipients.length
        ? 'Every recipient still waits for this one.'
        : undefined)
  const close = (): void => setOpen(undefined)
  return (
    <div className="flex flex-wrap gap-2">
      <Button onClick={() => setOpen('resend')} disabledReason={noAgain}>
        Send again…
      </Button>
      <Button onClick={() => setOpen('reschedule')} disabledReason={reason}>
        Reschedule
      </Button>
      <Button look="danger" onClick={() => setOpen('cancel')} disabledReason={reason}>
        Cancel
      </Button>
      {open === 'resend' && <ResendDialog message={message} onClose={close} />}
      {open === 'cancel' && <CancelDialog message={message} waiting={waiting} onClose={close} />}
      {open === 'reschedule' && <RescheduleDialog message={message} waiting={waiting} onClose={close} />}
    </div>
  )
}

interface DialogProperties {
  readonly message: Message
  readonly waiting: number
  readonly onClose: () => void
}

function CancelDialog({ message, waiting, onClose }: DialogProperties) {
  const { api } = useSession()
  const client = useQueryClient()
  const cancelling = useMutation({
    mutationFn: () => api.messages.cancel(message.id),
    onSuccess: onClose,
    onSettled: () => client.invalidateQueries({ queryKey: ['messages'] }),
  })
  return (
    <Dialog title="Cancel this message?" onClose={onClose}>
      <p className="text-sm text-muted">
        It is not sent to the {recipientsText(waiting)} that still {waiting === 1 ? 'waits' : 'wait'}. A
        recipient that is being attempted at this moment cannot be stopped. This cannot be undone.
      </p>
      <Refusal error={cancelling.error} />
      <div className="mt-4 flex justify-end gap-2">
        <Button onClick={onClose} autoFocus>
          Keep it
        </Button>
        <Button look="danger" onClick={() => cancelling.mutate()} disabled={cancelling.isPending}>
          {cancelling.isPending ? 'Cancelling…' : 'Cancel the message'}
        </Button>
      </div>
    </Dialog>
  )
}

function RescheduleDialog({ message, waiting, onClose }: DialogProperties) {
  const { api } = useSession()
  const client = useQueryClient()
  const [at, setAt] = useState(() => inputTime(new Date(Date.now() + HOUR_MS)))
  const moving = useMutation({
    mutationFn: () => api.messages.reschedule(message.id, { sendAt: new Date(at).toISOString() }),
    onSuccess: onClose,
    onSettled: () => client.invalidateQueries({ queryKey: ['messages'] }),
  })
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    moving.mutate()
  }
  const presets = [
    ['Now', Date.now()],
    ['In 1 hour', Date.now() + HOUR_MS],
    ['In 24 hours', Date.now() + 24 * HOUR_MS],
  ] as const
  return (
    <Dialog title="Send it at another time" onClose={onClose}>
      <form onSubmit={submit}>
        <p className="text-sm text-muted">
          Moves the {recipientsText(waiting)} that still {waiting === 1 ? 'waits' : 'wait'}.
        </p>
        <label htmlFor="send-at" className="mt-3 mb-1 block text-sm font-medium">
          Not before, in your local time
        </label>
        <input
          id="send-at"
          type="datetime-local"
          required
          value={at}
          onChange={(event) => setAt(event.target.value)}
          className="h-9 w-full rounded-md border border-line-strong bg-surface px-3 text-sm"
        />
        <div className="mt-2 flex gap-1.5">
          {presets.map(([words, ms]) => (
            <Button key={words} className="h-7 px-2" onClick={() => setAt(inputTime(new Date(ms)))}>
              {words}
            </Button>
          ))}
        </div>
        <Refusal error={moving.error} />
        <div className="mt-4 flex justify-end gap-2">
          <Button onClick={onClose}>Leave it</Button>
          <Button type="submit" look="main" disabled={moving.isPending || at === ''}>
            {moving.isPending ? 'Moving…' : 'Reschedule'}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}

function Refusal({ error }: { readonly error: Error | null }) {
  if (error === null) return null
  return (
    <p role="alert" className="mt-3 text-sm text-bad">
      {describeFailure(error).detail}
    </p>
  )
}

function recipientsText(count: number): string {
  return count === 1 ? 'recipient' : `${count.toLocaleString('en')} recipients`
}
