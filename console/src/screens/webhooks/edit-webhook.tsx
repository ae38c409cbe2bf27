import type { Webhook } from '@bulkhead/sdk'
import { useSession } from '../../session/session.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { useAct } from '../../ui/use-mutation-act.ts'
import { EVENT_TYPES } from './event-words.ts'
import { isAll } from './formats.ts'
import { WebhookForm, type WebhookValues } from './webhook-form.tsx'

/** Changes the settings of an endpoint. */
export function EditWebhook({
  webhook,
  onClose,
}: {
  readonly webhook: Webhook
  readonly onClose: () => void
}) {
  const { api } = useSession()
  const act = useAct(
    ({ formatEvents, eventTypes, ...values }: WebhookValues) =>
      // What a program chose by a vendor's names stays as it is where it is not changed here.
      api.webhooks.update(webhook.id, formatEvents.length > 0 ? values : { ...values, eventTypes }),
    { done: 'Saved.', refresh: ['webhooks'] },
  )
  const { url, description, format, signing, formatEvents, eventTypes } = webhook
  const isSome = formatEvents.length === 0 && !isAll(format, eventTypes)
  const begin: WebhookValues = {
    url,
    description: description ?? '',
    format,
    signing,
    formatEvents,
    eventTypes: isSome ? EVENT_TYPES.filter((type) => eventTypes.includes(type)) : [],
  }
  return (
    <Dialog title="Edit the webhook" onClose={onClose}>
      <WebhookForm
        begin={begin}
        action="Save"
        isBusy={act.isBusy}
        failure={act.failure}
        disabledReason={undefined}
        onSubmit={(values) =>
          void act.run(values).then((isDone) => {
            if (isDone) onClose()
          })
        }
      >
        <Button onClick={onClose}>Cancel</Button>
      </WebhookForm>
    </Dialog>
  )
}
