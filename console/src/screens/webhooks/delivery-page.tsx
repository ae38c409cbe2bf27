import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { WebhooksDeliveryOutput } from '@bulkhead/sdk'
import { formatDuration } from '../../format.ts'
import { useSession } from '../../session/session.ts'
import { Button } from '../../ui/button.tsx'
import { CodeBlock } from '../../ui/code-block.tsx'
import { Facts } from '../../ui/facts.tsx'
import { linkLook } from '../../ui/link.ts'
import { Loaded } from '../../ui/listing.tsx'
import { Page } from '../../ui/page.tsx'
import { Panel } from '../../ui/panel.tsx'
import { Time } from '../../ui/time.tsx'
import { useAllowed } from '../../ui/use-allowed.ts'
import { useAct } from '../../ui/use-mutation-act.ts'
import { eventWords } from './event-words.ts'
import { DeliveryState } from './webhook-state.tsx'
import { webhookQueries } from './webhooks-queries.ts'

/** One event for one endpoint: what was sent, what came back, and once more. */
export function DeliveryPage({
  webhookId,
  deliveryId,
}: {
  readonly webhookId: string
  readonly deliveryId: string
}) {
  const { api } = useSession()
  const query = useQuery(webhookQueries.delivery(api, webhookId, deliveryId))
  const mayNot = useAllowed('webhooks:write', 'write')
  const replay = useAct(() => api.webhooks.replay(webhookId, deliveryId), {
    done: 'It is delivered again.',
    refresh: ['webhooks'],
  })
  return (
    <Page
      title={query.data?.type ?? 'Delivery'}
      lead={query.data === undefined ? undefined : eventWords(query.data.type)}
      width="reading"
      back={
        <Link to="/webhooks/$webhookId" params={{ webhookId }} className={linkLook}>
          Deliveries of the webhook
        </Link>
      }
      actions={
        <Button onClick={() => void replay.run()} disabled={replay.isBusy} disabledReason={mayNot}>
          Deliver again
        </Button>
      }
    >
      {replay.failure !== undefined && (
        <p role="alert" className="text-sm text-bad">
          {replay.failure}
        </p>
      )}
      <Loaded query={query} label="the delivery">
        {(delivery) => (
          <>
            <Panel title="What happened">
              <Facts rows={factsOf(delivery)} />
            </Panel>
            <Panel title="What the endpoint answered" lead="The begin of it, at most 2 KiB, of the last try.">
              <div className="p-4">
                {delivery.answer === null ? (
                  <p className="text-sm text-muted">{whyNoAnswer(delivery)}</p>
                ) : (
                  <CodeBlock label="The answer" shown={delivery.answer} />
                )}
              </div>
            </Panel>
            <Panel title="What is sent" lead="Without breaks; what is copied is that.">
              <div className="p-4">
                {delivery.body === null ? (
                  <p className="text-sm text-muted">{delivery.bodyProblem}</p>
                ) : (
                  <CodeBlock label="The body" shown={withBreaks(delivery.body)} copied={delivery.body} />
                )}
              </div>
            </Panel>
          </>
        )}
      </Loaded>
    </Page>
  )
}

function factsOf(delivery: WebhooksDeliveryOutput): Parameters<typeof Facts>[0]['rows'] {
  const { lastStatus, lastError, durationMs, messageId } = delivery
  return [
    ['State', <DeliveryState key="state" delivery={delivery} />],
    ['Answer', lastStatus === null ? 'none' : `HTTP ${lastStatus}`],
    ...(lastError === null
      ? []
      : ([
          [
            'Problem',
            <span key="p" className="text-bad">
              {lastError}
            </span>,
          ],
        ] as const)),
    ['Took', durationMs === null ? 'not tried yet' : formatDuration(durationMs)],
    ['Tries', String(delivery.attempts)],
    ['Happened', <Time key="at" at={delivery.createdAt} />],
    ...(delivery.settledAt === null
      ? []
      : ([['Settled', <Time key="s" at={delivery.settledAt} />]] as const)),
    ...(messageId === null
      ? []
      : ([
          [
            'Message',
            <Link key="m" to="/messages/$messageId" params={{ messageId }} className={linkLook}>
              <code>{messageId}</code>
            </Link>,
          ],
        ] as const)),
    ['webhook-id', <code key="id">{delivery.id}</code>],
  ]
}

function whyNoAnswer(delivery: WebhooksDeliveryOutput): string {
  if (delivery.attempts === 0) return 'It was not tried yet.'
  if (delivery.lastStatus === null) return 'No answer came.'
  if (delivery.bodyProblem !== null)
    return 'It may repeat what was sent: who may not see that does not see this.'
  return 'It was empty, or is not kept: answers to events of sensitive messages and of the audit log are not.'
}

/** A body for people: JSON with breaks, a form field by field. What cannot be read is shown as it is. */
function withBreaks(body: string): string {
  const json = indented(body)
  if (json !== null) return json
  const fields = [...new URLSearchParams(body)]
  return /^[\w.-]+=/.test(body)
    ? fields.map(([name, value]) => `${name} = ${indented(value) ?? value}`).join('\n')
    : body
}

function indented(text: string): string | null {
  try {
    const value: unknown = JSON.parse(text)
    return JSON.stringify(value, null, 2)
  } catch {
    return null
  }
}
