import { useQuery } from '@tanstack/react-query'
import { newIdempotencyKey, type ResendPreview } from '@bulkhead/sdk'
import { useNavigate } from '@tanstack/react-router'
import { useState, type FormEvent } from 'react'
import type { Message } from '../../api/types.ts'
import { formatCount } from '../../format.ts'
import { useSession } from '../../session/session.ts'
import { Button, LinkButton } from '../../ui/button.tsx'
import { StateChip } from '../../ui/chip.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { Field } from '../../ui/field.tsx'
import { Loaded } from '../../ui/listing.tsx'
import { Note } from '../../ui/note.tsx'
import { useAct } from '../../ui/use-mutation-act.ts'
import { messagesQueries } from './messages-queries.ts'

interface DialogProperties {
  readonly message: Message
  readonly onClose: () => void
}

/** Sends a message again: shows who gets it, lets others be chosen, and leads to the new one. */
export function ResendDialog({ message, onClose }: DialogProperties) {
  const { api } = useSession()
  const preview = useQuery({ ...messagesQueries.resend(api, message.id), refetchOnWindowFocus: false })
  return (
    <Dialog title="Send it again" onClose={onClose}>
      <Loaded query={preview} label="the recipients" rows={2}>
        {(data) =>
          data.refusal === null ? (
            <Choice message={message} preview={data} onClose={onClose} />
          ) : (
            <>
              <Note tone="warn" title="It cannot be sent again">
                {data.refusal}
              </Note>
              <div className="mt-4 flex justify-end">
                <Button onClick={onClose}>Close</Button>
              </div>
            </>
          )
        }
      </Loaded>
    </Dialog>
  )
}

function Choice({ message, preview, onClose }: DialogProperties & { readonly preview: ResendPreview }) {
  const { api } = useSession()
  const navigate = useNavigate()
  const [chosen, setChosen] = useState<ReadonlySet<number>>(
    () => new Set(preview.recipients.filter(({ isChosen }) => isChosen).map(({ number }) => number)),
  )
  const [reason, setReason] = useState('')
  const [idempotencyKey] = useState(newIdempotencyKey)
  const act = useAct(
    async () => {
      const sent = await api.messages.resend(
        message.id,
        {
          recipients: [...chosen].sort((a, b) => a - b),
          ...(reason.trim() === '' ? {} : { reason: reason.trim() }),
        },
        { idempotencyKey },
      )
      onClose()
      await navigate({ to: '/messages/$messageId', params: { messageId: sent.id } })
    },
    { done: 'Sent again. This is the new message.', refresh: ['messages'] },
  )
  const able = preview.recipients.filter(({ mayBeChosen }) => mayBeChosen)
  const suppressed = able.filter(({ number, isSuppressed }) => isSuppressed && chosen.has(number)).length
  const twice = able.filter(({ number, state }) => state === 'delivered' && chosen.has(number)).length
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    void act.run()
  }
  const toggle = (number: number): void => {
    const next = new Set(chosen)
    if (!next.delete(number)) next.add(number)
    setChosen(next)
  }
  return (
    <form onSubmit={submit}>
      <p className="mb-3 text-sm text-muted">
        A new message with the same content goes to those who are chosen. Those who did not get it are chosen
        already: bounced, expired, cancelled or uncertain.
      </p>
      <Recipients preview={preview} chosen={chosen} onToggle={toggle} />
      <div className="mt-1.5 mb-3 flex flex-wrap items-center gap-x-3 text-xs text-muted">
        <span aria-live="polite">
          {formatCount(chosen.size)} of {formatCount(preview.recipients.length)} chosen
        </span>
        <LinkButton onClick={() => setChosen(new Set(able.map(({ number }) => number)))}>All</LinkButton>
        <LinkButton onClick={() => setChosen(new Set())}>None</LinkButton>
      </div>
      {suppressed > 0 && (
        <div className="mb-3">
          <Note tone="warn">
            {suppressed === 1 ? '1 of them is' : `${formatCount(suppressed)} of them are`} on the suppression
            list and would be suppressed again. Lift the suppression first.
          </Note>
        </div>
      )}
      {twice > 0 && (
        <div className="mb-3">
          <Note tone="info">
            {twice === 1 ? '1 of them has' : `${formatCount(twice)} of them have`} it already and{' '}
            {twice === 1 ? 'gets' : 'get'} it twice, under a new Message-ID.
          </Note>
        </div>
      )}
      <Field
        label="Why (optional)"
        name="reason"
        value={reason}
        maxLength={500}
        onChange={(event) => setReason(event.target.value)}
        hint="For the timeline and the audit log."
      />
      {act.failure !== undefined && (
        <p role="alert" className="mb-3 text-sm text-bad">
          {act.failure}
        </p>
      )}
      <div className="flex justify-end gap-2">
        <Button onClick={onClose}>Leave it</Button>
        <Button
          type="submit"
          look="main"
          disabled={act.isBusy}
          disabledReason={chosen.size === 0 ? 'Nobody is chosen.' : undefined}
        >
          {act.isBusy ? 'Sending…' : `Send to ${formatCount(chosen.size)}`}
        </Button>
      </div>
    </form>
  )
}

/** A thousand check boxes are fine for a browser in a box of their own: nothing outside is laid out anew. */
function Recipients({
  preview,
  chosen,
  onToggle,
}: {
  readonly preview: ResendPreview
  readonly chosen: ReadonlySet<number>
  readonly onToggle: (number: number) => void
}) {
  return (
    <fieldset className="max-h-60 overflow-y-auto rounded-md border border-line [contain:content]">
      <legend className="sr-only">Recipients</legend>
      {preview.recipients.map(({ number, email, state, mayBeChosen, isSuppressed }) => (
        <label
          key={number}
          title={mayBeChosen ? undefined : 'Still gets the first one: cancel that first.'}
          className="flex items-center gap-2.5 border-b border-line px-3 py-1.5 text-sm last:border-b-0 has-disabled:opacity-60"
        >
          <input
            type="checkbox"
            checked={chosen.has(number)}
            disabled={!mayBeChosen}
            onChange={() => onToggle(number)}
            className="size-4 shrink-0 accent-accent"
          />
          <span className="min-w-0 flex-1 break-all">{email || 'no longer readable'}</span>
          {isSuppressed && <span className="text-xs text-warn">on the suppression list</span>}
          <StateChip state={state} />
        </label>
      ))}
    </fieldset>
  )
}
