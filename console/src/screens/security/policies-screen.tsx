import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { PoliciesGetOutput } from '@bulkhead/sdk'
import { useState, type ReactNode } from 'react'
import { useSession } from '../../session/session.ts'
import { Button } from '../../ui/button.tsx'
import { Chip } from '../../ui/chip.tsx'
import { Guard, useMay } from '../../ui/guard.tsx'
import { linkLook } from '../../ui/link.ts'
import { Loaded } from '../../ui/listing.tsx'
import { Page } from '../../ui/page.tsx'
import { NetworksEditor } from './networks-editor.tsx'
import { PendingPolicy } from './pending-policy.tsx'
import { counted } from './people-words.ts'
import { DomainsEditor, FactorEditor, HoursEditor, ProviderEditor } from './policy-editors.tsx'
import { RULE_TITLES, ruleInWords, type Rule } from './policy-words.ts'
import { securityQueries } from './security-queries.ts'

/** What the workspace demands of the people who act in it; each rule with what it says now and what a change of it would do. */
export function PoliciesScreen() {
  const { api } = useSession()
  const policy = useQuery(securityQueries.policy(api))
  return (
    <Page
      title="Policies"
      width="reading"
      lead="What this workspace demands of the people who act in it. API keys and SMTP credentials have networks of their own. A change is looked at with the next request and on live connections."
    >
      <Guard scope="policies:read" what="the policies">
        <Loaded query={policy} label="the policy">
          {(data) => <Rules policy={data} />}
        </Loaded>
      </Guard>
    </Page>
  )
}

function Rules({ policy }: { readonly policy: PoliciesGetOutput }) {
  const [editing, setEditing] = useState<Rule | null>(null)
  const close = (): void => setEditing(null)
  const rule = (name: Rule, more: ReactNode, editor: ReactNode): ReactNode => (
    <RulePanel
      rule={name}
      sentence={ruleInWords(name, policy)}
      more={more}
      isEditing={editing === name}
      onEdit={() => setEditing(name)}
    >
      {editor}
    </RulePanel>
  )
  return (
    <>
      {policy.pending !== null && <PendingPolicy policy={policy} pending={policy.pending} />}
      {rule('secondFactor', null, <FactorEditor policy={policy} onDone={close} />)}
      {rule('sessionHours', null, <HoursEditor policy={policy} onDone={close} />)}
      {rule(
        'allowedCidrs',
        <>
          {policy.allowedCidrs.length > 0 && (
            <p className="mt-1.5 flex flex-wrap gap-1.5">
              {policy.allowedCidrs.map((cidr) => (
                <code key={cidr} className="rounded bg-raised px-1.5 py-px font-mono text-xs">
                  {cidr}
                </code>
              ))}
            </p>
          )}
          <p className="mt-1 text-xs text-muted">
            Your address is <code className="font-mono text-ink">{policy.yourAddress}</code>.
          </p>
        </>,
        <NetworksEditor policy={policy} yourAddress={policy.yourAddress} onDone={close} />,
      )}
      {rule(
        'signInDomains',
        policy.outsiders.length > 0 && (
          <p className="mt-1 text-xs text-muted">
            {counted(policy.outsiders.length, 'member comes', 'members come')} from elsewhere and stay:{' '}
            {policy.outsiders.slice(0, 10).map(({ memberId, email }, place) => (
              <span key={memberId}>
                {place > 0 && ', '}
                <Link to="/security/members/$memberId" params={{ memberId }} className={linkLook}>
                  {email}
                </Link>
              </span>
            ))}
            {policy.outsiders.length > 10 && ', …'}
          </p>
        ),
        <DomainsEditor policy={policy} onDone={close} />,
      )}
      {rule(
        'ssoRequired',
        <p className="mt-1 text-xs text-muted">
          Which provider:{' '}
          <Link to="/security/sign-on" className={linkLook}>
            Sign-on
          </Link>
          .
        </p>,
        <ProviderEditor policy={policy} onDone={close} />,
      )}
    </>
  )
}

function RulePanel({
  rule,
  sentence,
  more,
  isEditing,
  onEdit,
  children,
}: {
  readonly rule: Rule
  readonly sentence: string
  readonly more: ReactNode
  readonly isEditing: boolean
  readonly onEdit: () => void
  readonly children: ReactNode
}) {
  const may = useMay('policies:write')
  return (
    <section className="rounded-lg border border-line bg-surface" aria-label={RULE_TITLES[rule]}>
      <div className="flex flex-wrap items-start gap-x-4 gap-y-2 px-4 py-3">
        <div className="min-w-0 flex-1 basis-60">
          <h2 className="flex items-center gap-2 text-base font-semibold">
            {RULE_TITLES[rule]} {isEditing && <Chip tone="accent">changing</Chip>}
          </h2>
          <p className="text-sm">{sentence}</p>
          {more}
        </div>
        {!isEditing && (
          <Button
            disabledReason={may}
            onClick={onEdit}
            aria-label={`Change: ${RULE_TITLES[rule].toLowerCase()}`}
          >
            Change
          </Button>
        )}
      </div>
      {isEditing && <div className="border-t border-line p-4">{children}</div>}
    </section>
  )
}
