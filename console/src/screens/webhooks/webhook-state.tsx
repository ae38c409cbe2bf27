import type { Webhook, WebhookDelivery } from '@bulkhead/sdk'
import { Chip, type Tone } from '../../ui/chip.tsx'
import { Time } from '../../ui/time.tsx'

/** How an endpoint is doing. */
export function WebhookState({ webhook }: { readonly webhook: Webhook }) {
  if (webhook.state === 'disabled')
    return (
      <Chip tone="neutral" title={webhook.disabledReason ?? ''}>
        paused
      </Chip>
    )
  if (webhook.failingSince === null) return <Chip tone="ok">healthy</Chip>
  return (
    <span className="inline-flex flex-wrap items-center gap-1.5">
      <Chip tone="bad">failing</Chip>
      <span className="text-xs text-muted">
        since <Time at={webhook.failingSince} />
      </span>
    </span>
  )
}

const TONES: Readonly<Record<WebhookDelivery['state'], Tone>> = {
  pending: 'info',
  delivered: 'ok',
  failed: 'bad',
}

/** What became of a delivery: what was answered, and when it is tried again. */
export function DeliveryState({ delivery }: { readonly delivery: WebhookDelivery }) {
  const { state, attempts, nextAttemptAt } = delivery
  const waits = state === 'pending' && attempts > 0
  return (
    <span className="inline-flex flex-wrap items-center gap-1.5">
      <Chip tone={waits ? 'warn' : TONES[state]}>{waits ? 'tried again' : state}</Chip>
      {waits && nextAttemptAt !== null && (
        <span className="text-xs text-muted">
          <Time at={nextAttemptAt} />
        </span>
      )}
    </span>
  )
}
