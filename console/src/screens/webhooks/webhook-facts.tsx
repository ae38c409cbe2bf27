import type { Webhook } from '@bulkhead/sdk'
import { Facts } from '../../ui/facts.tsx'
import { Panel } from '../../ui/panel.tsx'
import { Time } from '../../ui/time.tsx'
import { FORMAT_NAMES, toldInWords } from './formats.ts'
import { Verification } from './signing-secret.tsx'
import { WebhookState } from './webhook-state.tsx'

/** The settings of an endpoint, and how its receiver checks signatures. */
export function WebhookFacts({ webhook }: { readonly webhook: Webhook }) {
  return (
    <>
      <Panel title="Settings">
        <Facts
          rows={[
            ['State', <WebhookState key="state" webhook={webhook} />],
            ...(webhook.description === null ? [] : ([['For', webhook.description]] as const)),
            ['Format', FORMAT_NAMES[webhook.format]],
            ['Events', toldInWords(webhook)],
            ['Added', <Time key="at" at={webhook.createdAt} />],
            ...(webhook.inertUntil === null
              ? []
              : ([['Security alerts from', <Time key="inert" at={webhook.inertUntil} />]] as const)),
            ['Tries', 'eleven within about a day: after 5 s, 30 s, 2 min, 10 min, 30 min, then hours apart'],
            ['Id', <code key="id">{webhook.id}</code>],
          ]}
        />
      </Panel>
      <Verification webhook={webhook} />
    </>
  )
}
