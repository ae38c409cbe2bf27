import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import type { Webhook, WebhooksCreateOutput } from '@bulkhead/sdk'
import { useSession } from '../../session/session.ts'
import { Button } from '../../ui/button.tsx'
import { Confirm } from '../../ui/confirm.tsx'
import { Guard } from '../../ui/guard.tsx'
import { linkLook } from '../../ui/link.ts'
import { Loaded } from '../../ui/listing.tsx'
import { Note } from '../../ui/note.tsx'
import { Page } from '../../ui/page.tsx'
import { Time } from '../../ui/time.tsx'
import { useAllowed } from '../../ui/use-allowed.ts'
import { useAct } from '../../ui/use-mutation-act.ts'
import { DeliveryList } from './delivery-list.tsx'
import { DeliveryPage } from './delivery-page.tsx'
import { DeliveryPlot } from './delivery-plot.tsx'
import { EditWebhook } from './edit-webhook.tsx'
import { ReplayFailed } from './replay-failed.tsx'
import { MadeSecret } from './signing-secret.tsx'
import { WebhookFacts } from './webhook-facts.tsx'
import { webhookQueries } from './webhooks-queries.ts'

/** One endpoint: how it goes, what was sent, and what can be done about it. */
export function WebhookScreen() {
  const { webhookId } = useParams({ from: '/webhooks/$webhookId' })
  const { delivery } = useSearch({ from: '/webhooks/$webhookId' })
  return (
    <Guard scope="webhooks:read" what="the webhooks" title="Webhook">
      {delivery === undefined ? (
        <OneWebhook key={webhookId} webhookId={webhookId} />
      ) : (
        <DeliveryPage webhookId={webhookId} deliveryId={delivery} />
      )}
    </Guard>
  )
}

function OneWebhook({ webhookId }: { readonly webhookId: string }) {
  const { api } = useSession()
  const search = useSearch({ from: '/webhooks/$webhookId' })
  const query = useQuery(webhookQueries.one(api, webhookId))
  const [rotated, setRotated] = useState<WebhooksCreateOutput>()
  return (
    <Page
      title={query.data === undefined ? 'Webhook' : hostOf(query.data.url)}
      lead={query.data !== undefined && <span className="font-mono text-xs break-all">{query.data.url}</span>}
      back={
        <Link to="/webhooks" className={linkLook}>
          Webhooks
        </Link>
      }
      actions={query.data !== undefined && <Acts webhook={query.data} onRotated={setRotated} />}
    >
      <Loaded query={query} label="the webhook">
        {(webhook) => (
          <>
            {rotated !== undefined && <MadeSecret made={rotated} />}
            <Troubles webhook={webhook} />
            <DeliveryPlot webhookId={webhookId} />
            <DeliveryList webhookId={webhookId} search={search} />
            <WebhookFacts webhook={webhook} />
          </>
        )}
      </Loaded>
    </Page>
  )
}

function Troubles({ webhook }: { readonly webhook: Webhook }) {
  return (
    <>
      {webhook.state === 'disabled' && (
        <Note tone="warn" title="It is paused">
          {webhook.disabledReason ?? 'No reason was kept.'} Events of the time are not sent later; what waited
          before is, where it is not older than seven days.
        </Note>
      )}
      {webhook.state === 'enabled' && webhook.failingSince !== null && (
        <Note tone="bad" title="It does not take events">
          Since <Time at={webhook.failingSince} /> no delivery has succeeded. After a day of that it is
          paused. Open a delivery to see what it answers.
        </Note>
      )}
      {webhook.previousSecretExpiresAt !== null && (
        <Note tone="info" title="Two secrets sign">
          The one before the last rotation signs as well until <Time at={webhook.previousSecretExpiresAt} />.
        </Note>
      )}
    </>
  )
}

function Acts({
  webhook,
  onRotated,
}: {
  readonly webhook: Webhook
  readonly onRotated: (made: WebhooksCreateOutput) => void
}) {
  const { api } = useSession()
  const navigate = useNavigate()
  const mayNot = useAllowed('webhooks:write', 'write')
  const mayNotRotate = useAllowed('webhooks:write', 'credential')
  const [open, setOpen] = useState<'edit' | 'pause' | 'rotate' | 'delete' | 'replay'>()
  const isPaused = webhook.state === 'disabled'
  const test = useAct(() => api.webhooks.test(webhook.id), {
    done: 'A test event is on its way; it stands in the list.',
    refresh: ['webhooks'],
  })
  const pause = useAct(() => api.webhooks.update(webhook.id, { state: isPaused ? 'enabled' : 'disabled' }), {
    done: isPaused ? 'It is sent to again.' : 'Nothing is sent to it now.',
    refresh: ['webhooks'],
  })
  const rotate = useAct(async () => onRotated(await api.webhooks.rotateSecret(webhook.id)), {
    refresh: ['webhooks'],
  })
  const close = (): void => setOpen(undefined)
  // A failure to pause is told in the question.
  const failure = test.failure ?? (open === 'pause' ? undefined : pause.failure)
  return (
    <>
      <Button
        onClick={() => void test.run()}
        disabled={test.isBusy}
        disabledReason={mayNot ?? (isPaused ? 'It is paused.' : undefined)}
      >
        Send a test
      </Button>
      <Button
        onClick={() => setOpen('replay')}
        disabledReason={mayNot ?? (isPaused ? 'It is paused.' : undefined)}
      >
        Replay failed …
      </Button>
      <Button onClick={() => setOpen('edit')} disabledReason={mayNot}>
        Edit
      </Button>
      <Button
        onClick={() => (isPaused ? void pause.run() : setOpen('pause'))}
        disabled={pause.isBusy}
        disabledReason={mayNot}
      >
        {isPaused ? 'Go on' : 'Pause'}
      </Button>
      <Button onClick={() => setOpen('rotate')} disabledReason={mayNotRotate}>
        Rotate secret
      </Button>
      <Button look="danger" onClick={() => setOpen('delete')} disabledReason={mayNot}>
        Delete
      </Button>
      {failure !== undefined && (
        <p role="alert" className="w-full text-sm text-bad">
          {failure}
        </p>
      )}
      {open === 'edit' && <EditWebhook webhook={webhook} onClose={close} />}
      {open === 'replay' && <ReplayFailed webhookId={webhook.id} onClose={close} />}
      {open === 'pause' && (
        <Confirm
          title="Pause this webhook?"
          action="Pause it"
          onConfirm={() => pause.orThrow()}
          onClose={close}
        >
          Nothing is sent to {webhook.url} until it goes on. Events that happen meanwhile are not sent later;
          what waits already is, where it is not older than seven days by then.
        </Confirm>
      )}
      {open === 'rotate' && (
        <Confirm
          title="Make a new signing secret?"
          action="Make it"
          onConfirm={() => rotate.orThrow()}
          onClose={close}
        >
          {webhook.format === 'sendgrid' || webhook.format === 'mandrill'
            ? 'The new one signs from now on: requests of this format have room for one signature, so receivers that know the old one refuse them until they change over.'
            : 'The new one is shown once. The old one signs as well for 24 hours, so that receivers can change over.'}
        </Confirm>
      )}
      {open === 'delete' && (
        <Confirm
          title="Delete this webhook?"
          action="Delete it"
          danger
          onConfirm={async () => {
            await api.webhooks.delete(webhook.id)
            await navigate({ to: '/webhooks' })
          }}
          onClose={close}
        >
          {webhook.url} gets nothing more, and its deliveries are gone, those that wait too.
        </Confirm>
      )}
    </>
  )
}

function hostOf(url: string): string {
  return URL.parse(url)?.host ?? url
}
