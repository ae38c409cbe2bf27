import type { Domain } from '@bulkhead/sdk'
import { useQuery } from '@tanstack/react-query'
import { Link, getRouteApi } from '@tanstack/react-router'
import { useState } from 'react'
import { useSession } from '../../session/session.ts'
import { Button } from '../../ui/button.tsx'
import { Confirm } from '../../ui/confirm.tsx'
import { Facts } from '../../ui/facts.tsx'
import { Guard } from '../../ui/guard.tsx'
import { RefreshIcon } from '../../ui/icons.tsx'
import { linkLook } from '../../ui/link.ts'
import { Loaded } from '../../ui/listing.tsx'
import { Page } from '../../ui/page.tsx'
import { Panel } from '../../ui/panel.tsx'
import { Time } from '../../ui/time.tsx'
import { useAllowed } from '../../ui/use-allowed.ts'
import { useAct } from '../../ui/use-mutation-act.ts'
import { DomainNotes } from './domain-notes.tsx'
import { days, keyAge, missingOf, sortRecords } from './domain-records.ts'
import { DomainChip, GLOSSARY } from './domain-words.tsx'
import { domainQueries } from './domains-queries.ts'
import { RecordTable } from './record-table.tsx'
import { RecordTools } from './record-tools.tsx'
import { RotateKeys, RotationPanel } from './rotation-panel.tsx'
import { useLiveCheck } from './use-live-check.ts'

const route = getRouteApi('/domains/$domainId')

/** One domain: what to publish, what is found, its keys, and how to delete it. */
export function DomainScreen() {
  const { domainId } = route.useParams()
  const { api } = useSession()
  const query = useQuery(domainQueries.one(api, domainId))
  const back = (
    <Link to="/domains" className={linkLook}>
      Domains
    </Link>
  )
  if (query.data !== undefined) return <DomainPage domain={query.data} back={back} />
  return (
    <Page title="Domain" back={back}>
      <Guard scope="domains:read" what="domains">
        <Loaded query={query} label="the domain">
          {() => null}
        </Loaded>
      </Guard>
    </Page>
  )
}

function DomainPage({ domain, back }: { readonly domain: Domain; readonly back: React.ReactNode }) {
  const { zone } = route.useSearch()
  const mayNotCheck = useAllowed('domains:write', 'write')
  const mayNotChange = useAllowed('domains:write', 'sender-change')
  const mayNotRotate = useAllowed('domains:write', 'credential') ?? mayNotChange
  const [open, setOpen] = useState<'rotate' | 'delete'>()
  const missing = missingOf(domain)
  const live = useLiveCheck(domain.id, missing.length > 0 && mayNotCheck === undefined)
  const { wanted, leaving } = sortRecords(domain.records)
  const age = keyAge(domain)
  return (
    <Page
      title={domain.name}
      lead={<DomainChip domain={domain} />}
      back={back}
      actions={
        <>
          <Button
            look={missing.length > 0 ? 'main' : 'plain'}
            disabledReason={mayNotCheck}
            disabled={live.isChecking}
            onClick={live.checkNow}
          >
            <RefreshIcon className="size-3.5" />
            {live.isChecking ? 'Asking DNS…' : 'Check now'}
          </Button>
          <Button disabledReason={mayNotRotate ?? cannotRotate(domain)} onClick={() => setOpen('rotate')}>
            Rotate keys
          </Button>
          <Button look="danger" disabledReason={mayNotChange} onClick={() => setOpen('delete')}>
            Delete
          </Button>
        </>
      }
    >
      <DomainNotes domain={domain} missing={missing} live={live} />
      <RotationPanel domain={domain} mayNot={mayNotChange} />
      <Panel
        title="Records to publish"
        lead="At the company that runs the DNS of this domain. The check says what is there."
      >
        <RecordTools domain={domain} records={wanted} zone={zone} />
        <RecordTable label="Records to publish" records={wanted} zone={zone} />
      </Panel>
      {leaving.length > 0 && (
        <Panel title="Records of old keys" lead="They are not needed for new mail.">
          <RecordTable label="Records of old keys" records={leaving} zone={zone} />
        </Panel>
      )}
      <div className="grid items-start gap-4 lg:grid-cols-2">
        <Panel title="About this domain">
          <Facts
            rows={[
              ['Added', <Time key="added" at={domain.createdAt} />],
              ['Verified', domain.verifiedAt === null ? 'not yet' : <Time key="v" at={domain.verifiedAt} />],
              ['Last check', domain.checkedAt === null ? 'not yet' : <Time key="c" at={domain.checkedAt} />],
              [
                'Keys that sign',
                age === undefined ? 'none' : age.days === 0 ? 'made today' : `${days(age.days)} old`,
              ],
              ['Id', <code key="id">{domain.id}</code>],
            ]}
          />
        </Panel>
        <Panel title="What the words mean">
          <Facts rows={GLOSSARY} />
        </Panel>
      </div>
      {open === 'rotate' && <RotateKeys domain={domain} onClose={() => setOpen(undefined)} />}
      {open === 'delete' && <DeleteDomain domain={domain} onClose={() => setOpen(undefined)} />}
    </Page>
  )
}

function cannotRotate(domain: Domain): string | undefined {
  if (domain.state !== 'verified') return 'Nothing is signed with its keys yet: publish the records first.'
  return domain.rotation?.state === 'waiting' ? 'New keys wait for DNS already.' : undefined
}

function DeleteDomain({ domain, onClose }: { readonly domain: Domain; readonly onClose: () => void }) {
  const { api } = useSession()
  const navigate = route.useNavigate()
  const remove = useAct(
    async () => {
      await api.domains.delete(domain.id)
      await navigate({ to: '/domains' })
    },
    { done: `${domain.name} is deleted.`, refresh: ['domains'] },
  )
  return (
    <Confirm
      title={`Delete ${domain.name}?`}
      action="Delete the domain"
      danger
      typed={domain.name}
      onConfirm={() => remove.orThrow()}
      onClose={onClose}
    >
      Nothing more is accepted from it, and its private keys are destroyed. Mail of it that still waits is not
      sent unsigned: it waits until it expires, so cancel it first if it should end now. Added again, the
      domain gets other keys and other records.
    </Confirm>
  )
}
