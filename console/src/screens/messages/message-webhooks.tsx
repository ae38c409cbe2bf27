import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { MessageWebhookDelivery } from '@bulkhead/sdk'
import type { Message } from '../../api/types.ts'
import { useSession } from '../../session/session.ts'
import { Button } from '../../ui/button.tsx'
import { Chip, type Tone } from '../../ui/chip.tsx'
import { Guard, useMay } from '../../ui/guard.tsx'
import { HookIcon } from '../../ui/icons.tsx'
import { linkLook } from '../../ui/link.ts'
import { Loaded } from '../../ui/listing.tsx'
import { Empty } from '../../ui/states.tsx'
import { Time } from '../../ui/time.tsx'
import { useAct } from '../../ui/use-mutation-act.ts'
import { messagesQueries } from './messages-queries.ts'

const TONES: Readonly<Record<MessageWebhookDelivery['state'], Tone>> = {
  pending: 'info',
  delivered: 'ok',
  failed: 'bad',
}

/** Who was told what about a message, and whether it came through. */
export function MessageWebhooks({ message }: { readonly message: Message }) {
  return (
    <Guard scope="webhooks:read" what="webhooks">
      <Deliveries message={message} />
    </Guard>
  )
}

function Deliveries({ message }: { readonly message: Message }) {
  const { api } = useSession()
  const deliveries = useQuery(messagesQueries.webhooks(api, message.id))
  return (
    <Loaded query={deliveries} label="the deliveries">
      {({ data, isWhole }) =>
        data.length === 0 ? (
          <Empty icon={<HookIcon className="size-6" />} title="No webhook tells about this message">
            No endpoint wants its events, or they are more than seven days old.{' '}
            <Link to="/webhooks" className={linkLook}>
              Webhooks
            </Link>
          </Empty>
        ) : (
          <>
            <ul className="rounded-lg border border-line bg-surface" aria-label="Webhook deliveries">
              {data.map((delivery) => (
                <Delivery key={delivery.id} delivery={delivery} message={message} />
              ))}
            </ul>
            {!isWhole && <p className="mt-2 text-xs text-muted">The newest {data.length} are shown.</p>}
          </>
        )
      }
    </Loaded>
  )
}

function Delivery({
  delivery,
  message,
}: {
  readonly delivery: MessageWebhookDelivery
  readonly message: Message
}) {
  const { api } = useSession()
  const mayNot = useMay('webhooks:write')
  const replay = useAct(() => api.webhooks.replay(delivery.webhookId, delivery.id), {
    done: 'It is delivered again.',
    refresh: ['messages'],
  })
  const email = message.recipients.find(({ number }) => number === delivery.recipient)?.email
  return (
    <li className="flex flex-wrap items-center gap-x-4 gap-y-1.5 border-b border-line px-3 py-2.5 text-sm last:border-b-0 sm:px-4">
      <div className="min-w-0 flex-1 basis-64">
        <p className="flex flex-wrap items-center gap-x-2">
          <Chip tone={TONES[delivery.state]}>{delivery.state}</Chip>
          <span className="font-medium">{delivery.type}</span>
          {email !== undefined && <span className="text-muted break-all">{email}</span>}
        </p>
        <p className="mt-0.5 text-xs break-all text-muted">
          <Link
            to="/webhooks/$webhookId"
            params={{ webhookId: delivery.webhookId }}
            search={{ delivery: delivery.id }}
            className={linkLook}
          >
            {delivery.url}
          </Link>
          {' · '}
          {delivery.lastStatus === null
            ? (delivery.lastError ?? 'not tried yet')
            : `answered ${delivery.lastStatus}`}
          {' · '}
          {delivery.attempts === 1 ? '1 try' : `${delivery.attempts} tries`}
          {delivery.nextAttemptAt !== null && (
            <>
              , next <Time at={delivery.nextAttemptAt} />
            </>
          )}
        </p>
        {replay.failure !== undefined && (
          <p role="alert" className="text-xs text-bad">
            {replay.failure}
          </p>
        )}
      </div>
      <Time at={delivery.createdAt} className="tabular text-xs text-muted" />
      <Button
        onClick={() => void replay.run()}
        disabled={replay.isBusy}
        disabledReason={mayNot ?? (delivery.state === 'pending' ? 'It still waits for its turn.' : undefined)}
        className="h-7 px-2"
      >
        Replay
      </Button>
    </li>
  )
}
