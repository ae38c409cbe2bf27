import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import type { WebhooksCreateOutput } from '@bulkhead/sdk'
import { useSession } from '../../session/session.ts'
import { Button } from '../../ui/button.tsx'
import { linkLook } from '../../ui/link.ts'
import { Note } from '../../ui/note.tsx'
import { Page } from '../../ui/page.tsx'
import { Panel } from '../../ui/panel.tsx'
import { useAllowed } from '../../ui/use-allowed.ts'
import { useAct } from '../../ui/use-mutation-act.ts'
import { MadeSecret } from './signing-secret.tsx'
import { WebhookForm, type WebhookValues } from './webhook-form.tsx'

const BACK = (
  <Link to="/webhooks" className={linkLook}>
    Webhooks
  </Link>
)
const NOTHING: WebhookValues = {
  url: '',
  description: '',
  format: 'bulkhead',
  signing: true,
  eventTypes: [],
  formatEvents: [],
}

/** The form for a new endpoint, and its signing secret once it is made. */
export function NewWebhook() {
  const { api } = useSession()
  const mayNot = useAllowed('webhooks:write', 'credential')
  const mayNotTest = useAllowed('webhooks:write', 'write')
  const [made, setMade] = useState<WebhooksCreateOutput>()
  const act = useAct(
    async ({ description, formatEvents: _named, ...values }: WebhookValues) =>
      setMade(await api.webhooks.create({ ...values, ...(description === '' ? {} : { description }) })),
    { refresh: ['webhooks'] },
  )
  const test = useAct((id: string) => api.webhooks.test(id), {
    done: 'A test event is on its way.',
    refresh: ['webhooks'],
  })
  if (made === undefined)
    return (
      <Page
        title="New webhook"
        lead="Bulkhead posts events to your program as they happen, signed, and tries for a day where it does not answer."
        back={BACK}
        width="reading"
      >
        <Panel title="The endpoint">
          <div className="p-4">
            <WebhookForm
              begin={NOTHING}
              isNew
              action="Add the webhook"
              isBusy={act.isBusy}
              failure={act.failure}
              disabledReason={mayNot}
              onSubmit={(values) => void act.run(values)}
            />
          </div>
        </Panel>
      </Page>
    )
  return (
    <Page
      title="The webhook is added"
      lead={<span className="font-mono break-all">{made.url}</span>}
      back={BACK}
      width="reading"
      actions={
        <>
          <Button onClick={() => void test.run(made.id)} disabled={test.isBusy} disabledReason={mayNotTest}>
            Send a test event
          </Button>
          <Link
            to="/webhooks/$webhookId"
            params={{ webhookId: made.id }}
            className="inline-flex h-8 items-center rounded-md bg-accent px-3 text-sm font-medium text-accent-ink hover:opacity-90"
          >
            See its deliveries
          </Link>
        </>
      }
    >
      {test.failure !== undefined && (
        <p role="alert" className="text-sm text-bad">
          {test.failure}
        </p>
      )}
      {made.inertUntil !== null && (
        <Note tone="info" title="Security alerts begin tomorrow">
          A new endpoint in an established workspace gets them after 24 hours, so that an intruder cannot
          divert them. Other events come now.
        </Note>
      )}
      <MadeSecret made={made} />
    </Page>
  )
}
