import type { FederationRule, Member } from '@bulkhead/sdk'
import { useState } from 'react'
import { useAccess } from '../../session/access.ts'
import { useSession } from '../../session/session.ts'
import { Button } from '../../ui/button.tsx'
import { Chip } from '../../ui/chip.tsx'
import { Confirm } from '../../ui/confirm.tsx'
import { Facts } from '../../ui/facts.tsx'
import { useMay } from '../../ui/guard.tsx'
import { Panel } from '../../ui/panel.tsx'
import { CodeBlock } from '../../ui/code-block.tsx'
import { Time } from '../../ui/time.tsx'
import { actorWords, counted } from './people-words.ts'
import { useConfirmed } from './use-confirmed.ts'
import { platformOf } from './workload-platforms.ts'
import { sampleOf } from './workload-samples.ts'

/** One rule: what must hold, what it gives, what the workload has to say, and how to end it. */
export function WorkloadRule({
  rule,
  members,
  onClose,
}: {
  readonly rule: FederationRule
  readonly members: readonly Member[]
  readonly onClose: () => void
}) {
  const { api } = useSession()
  const { installation } = useAccess()
  const may = useMay('federation:write')
  const [isRevoking, setIsRevoking] = useState(false)
  const confirmed = useConfirmed()
  const claims = Object.entries(rule.claims)
  return (
    <Panel
      title={rule.name}
      lead={
        rule.revokedAt === null ? 'A token that fulfils all of this gets a key.' : 'It gives no key any more.'
      }
      action={
        <div className="flex flex-wrap gap-2">
          <Button
            look="danger"
            disabledReason={may ?? (rule.revokedAt === null ? undefined : 'It is revoked already.')}
            onClick={() => setIsRevoking(true)}
          >
            Revoke
          </Button>
          <Button onClick={onClose}>Close</Button>
        </div>
      }
    >
      <Facts
        rows={[
          [
            'Issuer',
            <span key="issuer" className="font-mono text-xs">
              {rule.issuer}
            </span>,
          ],
          [
            'Audience',
            <span key="audience" className="font-mono text-xs">
              {rule.audience}
            </span>,
          ],
          [
            'Subject',
            <span key="subject" className="font-mono text-xs break-all">
              {rule.subject}
            </span>,
          ],
          ...(claims.length === 0
            ? []
            : [
                [
                  'Claims',
                  <span key="claims" className="font-mono text-xs break-all">
                    {claims.map(([name, value]) => `${name}=${String(value)}`).join(', ')}
                  </span>,
                ] as const,
              ]),
          [
            'Gives',
            <span key="gives" className="flex flex-wrap items-center gap-1">
              {rule.scopes.map((scope) => (
                <Chip key={scope}>{scope}</Chip>
              ))}
              for {minutesInWords(rule.lifetimeSeconds)}
            </span>,
          ],
          ['Networks', rule.allowedCidrs.join(', ') || 'all'],
          ['Sends as', rule.allowedSenders.join(', ') || 'all senders of the workspace'],
          [
            'Made',
            <span key="made">
              <Time at={rule.createdAt} /> by {actorWords(rule.createdBy, members)}
            </span>,
          ],
          ['Last used', rule.lastUsedAt === null ? 'never' : <Time key="used" at={rule.lastUsedAt} />],
          ...(rule.revokedAt === null
            ? []
            : [['Revoked', <Time key="revoked" at={rule.revokedAt} />] as const]),
        ]}
      />
      {rule.revokedAt === null && (
        <div className="p-4">
          <h3 className="mb-2 text-sm font-semibold">In the workload</h3>
          <CodeBlock
            label="What stands in the workload’s configuration"
            shown={sampleOf(platformOf(rule), {
              rule: rule.id,
              audience: rule.audience,
              api: installation.publicUrl,
            })}
          />
          <p className="mt-2 text-xs text-muted">
            A token is exchanged once. Every refusal reads the same; the log of the api process says what was
            wrong.
          </p>
        </div>
      )}
      {isRevoking && (
        <Confirm
          title={`Revoke “${rule.name}”?`}
          action="Revoke"
          danger
          onConfirm={() =>
            confirmed(() => api.federationRules.revoke(rule.id), {
              done: 'The rule gives no key any more.',
              refresh: ['federation'],
            })
          }
          onClose={() => setIsRevoking(false)}
        >
          Jobs get no key by it any more. Keys that it gave live on for {minutesInWords(rule.lifetimeSeconds)}{' '}
          at most; they stand among the API keys as “Federation: {rule.name}”.
        </Confirm>
      )}
    </Panel>
  )
}

function minutesInWords(seconds: number): string {
  return seconds % 60 === 0 ? counted(seconds / 60, 'minute') : counted(seconds, 'second')
}
