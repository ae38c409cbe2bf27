import type { LinkDomain } from '@bulkhead/sdk'
import { useInfiniteQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { useState } from 'react'
import { useSession } from '../../session/session.ts'
import { Button } from '../../ui/button.tsx'
import { Chip, type Tone } from '../../ui/chip.tsx'
import { Confirm } from '../../ui/confirm.tsx'
import { CopyButton } from '../../ui/copy-button.tsx'
import { LinkIcon, PlusIcon, RefreshIcon } from '../../ui/icons.tsx'
import { Listing } from '../../ui/listing.tsx'
import { Panel } from '../../ui/panel.tsx'
import { Empty } from '../../ui/states.tsx'
import { Time } from '../../ui/time.tsx'
import { useAllowed } from '../../ui/use-allowed.ts'
import { useAct } from '../../ui/use-mutation-act.ts'
import { AddLinkDomain } from './add-link-domain.tsx'
import { trackingQueries } from './tracking-queries.ts'

const route = getRouteApi('/tracking')

/** Hosts of the workspace's own that links lead over. */
export function LinkDomains() {
  const { api } = useSession()
  const { view } = route.useSearch()
  const navigate = route.useNavigate()
  const query = useInfiniteQuery(trackingQueries.linkDomains(api))
  const mayNot = useAllowed('domains:write', 'sender-change')
  return (
    <Panel
      title="Link domains"
      lead="Tracked links and unsubscribe links lead over a host of your own, so that its reputation is your own. Without one they lead over this installation."
      action={
        <Button
          disabledReason={mayNot}
          aria-expanded={view === 'new'}
          onClick={() => void navigate({ search: view === 'new' ? {} : { view: 'new' } })}
        >
          <PlusIcon className="size-3.5" />
          Add a link domain
        </Button>
      }
    >
      {view === 'new' && <AddLinkDomain onClose={() => void navigate({ search: {} })} />}
      <Listing
        query={query}
        label="the link domains"
        empty={
          <Empty icon={<LinkIcon className="size-6" />} title="No link domain">
            Links lead over this installation. Add a host such as links.example.com, below one of your
            verified domains.
          </Empty>
        }
      >
        {(rows) => {
          // The oldest one is used, which is known once all are here.
          const used = query.hasNextPage ? undefined : rows.findLast(({ state }) => state === 'verified')
          return (
            <ul className="divide-y divide-line">
              {rows.map((row) => (
                <LinkDomainItem key={row.id} domain={row} isUsed={row.id === used?.id} mayNot={mayNot} />
              ))}
            </ul>
          )
        }}
      </Listing>
    </Panel>
  )
}

const TONES: Readonly<Record<LinkDomain['state'], Tone>> = { pending: 'warn', verified: 'ok', failing: 'bad' }
const WORDS: Readonly<Record<LinkDomain['state'], string>> = {
  pending: 'waits for DNS',
  verified: 'verified',
  failing: 'record gone',
}

function LinkDomainItem({
  domain,
  isUsed,
  mayNot,
}: {
  readonly domain: LinkDomain
  readonly isUsed: boolean
  readonly mayNot: string | undefined
}) {
  const { api } = useSession()
  const mayNotCheck = useAllowed('domains:write', 'write')
  const [isRemoving, setIsRemoving] = useState(false)
  const check = useAct(() => api.linkDomains.verify(domain.id), { refresh: ['link-domains'] })
  const remove = useAct(() => api.linkDomains.delete(domain.id), {
    done: `${domain.name} is removed.`,
    refresh: ['link-domains'],
  })
  const { record } = domain
  const isFine = domain.state === 'verified' && domain.failingSince === null
  return (
    <li className="px-4 py-3 text-sm">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-2">
        <div className="flex min-w-0 flex-1 basis-56 flex-wrap items-center gap-2">
          <span className="font-medium break-all">{domain.name}</span>
          <Chip tone={TONES[domain.state]}>{WORDS[domain.state]}</Chip>
          {isUsed && <Chip tone="accent">in use for new mail</Chip>}
        </div>
        <Button disabledReason={mayNotCheck} disabled={check.isBusy} onClick={() => void check.run()}>
          <RefreshIcon className="size-3.5" />
          {check.isBusy ? 'Asking DNS…' : 'Check now'}
        </Button>
        <Button look="danger" disabledReason={mayNot} onClick={() => setIsRemoving(true)}>
          Remove
        </Button>
      </div>
      <p className="mt-1 text-xs text-muted">
        {domain.checkedAt === null ? (
          'Not looked for yet'
        ) : (
          <>
            Last looked for <Time at={domain.checkedAt} />
          </>
        )}
        {domain.failingSince !== null && (
          <>
            {' '}
            · record gone since <Time at={domain.failingSince} />; it is used for 72 hours more
          </>
        )}
      </p>
      <dl className="mt-2 grid max-w-2xl grid-cols-[auto_minmax(0,1fr)_auto] items-center gap-x-3 gap-y-1 text-xs">
        <dt className="text-muted">Type</dt>
        <dd className="col-span-2">
          <code>{record.type}</code>
        </dd>
        <dt className="text-muted">Name</dt>
        <dd>
          <code className="break-all">{record.name}</code>
        </dd>
        <dd>
          <CopyButton text={record.name} />
        </dd>
        <dt className="text-muted">Value</dt>
        <dd>
          <code className="break-all">{record.value}</code>
        </dd>
        <dd>
          <CopyButton text={record.value} />
        </dd>
        {!isFine && record.found.length > 0 && (
          <>
            <dt className="text-bad">DNS has</dt>
            <dd className="col-span-2">
              <code className="break-all text-bad">{record.found.join(', ')}</code>
            </dd>
          </>
        )}
      </dl>
      {!isFine && record.advice !== null && <p className="mt-2 break-words">{record.advice}</p>}
      {check.failure !== undefined && (
        <p role="alert" className="mt-2 text-bad">
          {check.failure}
        </p>
      )}
      {isRemoving && (
        <Confirm
          title={`Remove ${domain.name}?`}
          action="Remove it"
          danger
          onConfirm={() => remove.orThrow()}
          onClose={() => setIsRemoving(false)}
        >
          Links of new mail lead elsewhere. Links of mail that was sent work as long as its DNS leads here, so
          leave the record where it is.
        </Confirm>
      )}
    </li>
  )
}
