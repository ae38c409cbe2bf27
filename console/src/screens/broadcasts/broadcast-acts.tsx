import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import type { BroadcastDetail } from '@bulkhead/sdk'
import { inputTime } from '../../format.ts'
import { useSession } from '../../session/session.ts'
import { Button } from '../../ui/button.tsx'
import { Confirm } from '../../ui/confirm.tsx'
import { Field } from '../../ui/field.tsx'
import { FormDialog } from '../../ui/form-dialog.tsx'
import { useAllowed } from '../../ui/use-allowed.ts'
import { useAct } from '../../ui/use-mutation-act.ts'

const STOPPABLE: ReadonlySet<BroadcastDetail['state']> = new Set(['scheduled', 'queued', 'sending'])

/** Sends a draft, stops what is on its way, takes away what never went. */
export function BroadcastActs({ broadcast }: { readonly broadcast: BroadcastDetail }) {
  const { api } = useSession()
  const navigate = useNavigate()
  const mayNotSend = useAllowed('broadcasts:send', 'send:bulk')
  const mayNotStop = useAllowed('broadcasts:send', 'write')
  const mayNotWrite = useAllowed('broadcasts:write', 'write')
  const [open, setOpen] = useState<'send' | 'cancel' | 'delete'>()
  const close = (): void => setOpen(undefined)
  const { state } = broadcast
  const cancel = useAct(() => api.broadcasts.cancel(broadcast.id), {
    done: 'It is cancelled; nobody else gets it.',
    refresh: ['broadcasts'],
  })
  const remove = useAct(
    async () => {
      await api.broadcasts.delete(broadcast.id)
      await navigate({ to: '/broadcasts' })
    },
    { done: 'It is deleted.', refresh: ['broadcasts'] },
  )
  return (
    <>
      {state === 'draft' && (
        <Button look="main" onClick={() => setOpen('send')} disabledReason={mayNotSend}>
          Send …
        </Button>
      )}
      {STOPPABLE.has(state) && (
        <Button look="danger" onClick={() => setOpen('cancel')} disabledReason={mayNotStop}>
          Cancel it
        </Button>
      )}
      {(state === 'draft' || state === 'cancelled') && (
        <Button look="danger" onClick={() => setOpen('delete')} disabledReason={mayNotWrite}>
          Delete
        </Button>
      )}
      {open === 'send' && <Send broadcast={broadcast} onClose={close} />}
      {open === 'cancel' && (
        <Confirm
          title={`Cancel ${broadcast.name}?`}
          action="Cancel the broadcast"
          danger
          onConfirm={() => cancel.orThrow()}
          onClose={close}
        >
          Nobody else gets it, and it cannot be begun again. Mails that were accepted already go on.
        </Confirm>
      )}
      {open === 'delete' && (
        <Confirm
          title={`Delete ${broadcast.name}?`}
          action="Delete it"
          danger
          onConfirm={() => remove.orThrow()}
          onClose={close}
        >
          What it says is gone. Mail that it sent before stays in the list of messages.
        </Confirm>
      )}
    </>
  )
}

function Send({ broadcast, onClose }: { readonly broadcast: BroadcastDetail; readonly onClose: () => void }) {
  const { api } = useSession()
  const [at, setAt] = useState('')
  const [now] = useState(() => inputTime(new Date()))
  const act = useAct(
    () => api.broadcasts.send(broadcast.id, at === '' ? {} : { scheduledAt: new Date(at).toISOString() }),
    { done: at === '' ? 'It begins now.' : 'It waits for its time.', refresh: ['broadcasts'] },
  )
  return (
    <FormDialog
      title={`Send ${broadcast.name}`}
      action={at === '' ? 'Send it now' : 'Schedule it'}
      act={act}
      onClose={onClose}
    >
      <p className="mb-4 text-sm text-muted">
        To whoever is on the list when it begins. Who unsubscribed or is suppressed gets none. It can be
        cancelled while it is being sent; mails that were accepted by then go on.
      </p>
      <Field
        label="Begin (optional)"
        name="at"
        type="datetime-local"
        min={now}
        value={at}
        onChange={(event) => setAt(event.target.value)}
        hint="In your own time, at most a year ahead. Empty: at once."
      />
    </FormDialog>
  )
}
