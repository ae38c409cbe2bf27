import type { Sender } from '@bulkhead/sdk'
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { Link, getRouteApi } from '@tanstack/react-router'
import { useState } from 'react'
import { useAccess } from '../../session/access.ts'
import { useSession } from '../../session/session.ts'
import { Button, IconButton } from '../../ui/button.tsx'
import { Chip } from '../../ui/chip.tsx'
import { Confirm } from '../../ui/confirm.tsx'
import { DataTable, type Column } from '../../ui/data-table.tsx'
import { Guard } from '../../ui/guard.tsx'
import { PersonIcon, PlusIcon, TrashIcon } from '../../ui/icons.tsx'
import { linkLook } from '../../ui/link.ts'
import { Listing } from '../../ui/listing.tsx'
import { Note } from '../../ui/note.tsx'
import { Page } from '../../ui/page.tsx'
import { Panel } from '../../ui/panel.tsx'
import { Empty } from '../../ui/states.tsx'
import { Time } from '../../ui/time.tsx'
import { useAllowed } from '../../ui/use-allowed.ts'
import { useAct } from '../../ui/use-mutation-act.ts'
import { AddSender } from './add-sender.tsx'
import { senderQueries } from './senders-queries.ts'
import { UsedBy } from './used-by.tsx'

const route = getRouteApi('/senders')

/** Who mail comes from: named addresses, which of them wait, and what may send as them. */
export function SendersScreen() {
  const { view } = route.useSearch()
  const navigate = route.useNavigate()
  const mayNot = useAllowed('senders:write', 'sender-change')
  const { can } = useAccess()
  return (
    <Page
      title="Senders"
      lead="Named addresses that your mail comes from. Every other address of a verified domain may send, too; keys can be bound to the ones they need."
      actions={
        <Button
          look="main"
          disabledReason={mayNot}
          aria-expanded={view === 'new'}
          onClick={() => void navigate({ search: view === 'new' ? {} : { view: 'new' } })}
        >
          <PlusIcon className="size-3.5" />
          Add a sender
        </Button>
      }
    >
      <Guard scope="senders:read" what="the senders">
        {view === 'new' && <AddSender onClose={() => void navigate({ search: {} })} />}
        <Senders mayNot={mayNot} />
        {can('domains:read') && <SendingDomains />}
      </Guard>
    </Page>
  )
}

function Senders({ mayNot }: { readonly mayNot: string | undefined }) {
  const { api } = useSession()
  const query = useInfiniteQuery(senderQueries.list(api))
  const [removing, setRemoving] = useState<Sender>()
  const columns: readonly Column<Sender>[] = [
    {
      id: 'email',
      header: 'Sender',
      cell: (row) => (
        <span className="[overflow-wrap:anywhere]">
          {row.name !== null && <span className="block">{row.name}</span>}
          <span className={row.name === null ? undefined : 'text-xs text-muted'}>{row.email}</span>
        </span>
      ),
    },
    { id: 'state', header: 'State', hideBelow: 'sm', cell: (row) => <SenderState sender={row} /> },
    {
      id: 'reply',
      header: 'Replies go to',
      hideBelow: 'lg',
      cell: (row) => row.replyTo ?? <span className="text-muted">the sender</span>,
    },
    { id: 'used', header: 'May be used by', hideBelow: 'md', cell: (row) => <UsedBy email={row.email} /> },
    { id: 'made', header: 'Added', hideBelow: 'lg', cell: (row) => <Time at={row.createdAt} /> },
    {
      id: 'remove',
      header: <span className="sr-only">Remove</span>,
      align: 'end',
      cell: (row) => (
        <IconButton
          label={`Remove ${row.email}`}
          disabled={mayNot !== undefined}
          title={mayNot ?? `Remove ${row.email}`}
          onClick={() => setRemoving(row)}
        >
          <TrashIcon />
        </IconButton>
      ),
    },
  ]
  return (
    <div className="flex flex-col gap-4">
      <Listing
        query={query}
        label="the senders"
        empty={
          <div className="rounded-lg border border-line bg-surface">
            <Empty icon={<PersonIcon className="size-6" />} title="No sender yet">
              You can send from every address of a verified domain without one. Add those that people know by
              name, so that everybody hears when a new one appears.
            </Empty>
          </div>
        }
      >
        {(rows) => (
          <>
            <Waiting senders={rows} />
            <div className="rounded-lg border border-line bg-surface">
              <DataTable label="Senders" rows={rows} columns={columns} rowKey={(row) => row.id} />
            </div>
          </>
        )}
      </Listing>
      {removing !== undefined && <RemoveSender sender={removing} onClose={() => setRemoving(undefined)} />}
    </div>
  )
}

function Waiting({ senders }: { readonly senders: readonly Sender[] }) {
  const waiting = senders.filter(({ inertUntil }) => inertUntil !== null)
  if (waiting.length === 0) return null
  return (
    <Note
      tone="warn"
      title={
        waiting.length === 1
          ? 'Mail of a new sender is held'
          : `Mail of ${waiting.length} new senders is held`
      }
    >
      A new address in an established workspace waits a day, so that everybody who was here before hears of
      it. Another owner can let it go earlier:{' '}
      <Link to="/security/approvals" className={linkLook}>
        Approvals
      </Link>
      .
    </Note>
  )
}

function SenderState({ sender }: { readonly sender: Sender }) {
  if (sender.inertUntil === null) return <Chip tone="ok">sends</Chip>
  return (
    <span className="inline-flex flex-wrap items-center gap-1">
      <Chip tone="warn">mail held</Chip>
      <span className="text-xs text-muted">
        until <Time at={sender.inertUntil} />
      </span>
    </span>
  )
}

function RemoveSender({ sender, onClose }: { readonly sender: Sender; readonly onClose: () => void }) {
  const { api } = useSession()
  const remove = useAct(() => api.senders.delete(sender.id), {
    done: `${sender.email} is removed.`,
    refresh: ['senders'],
  })
  return (
    <Confirm
      title={`Remove ${sender.email}?`}
      action="Remove it"
      danger
      onConfirm={() => remove.orThrow()}
      onClose={onClose}
    >
      It goes from this list, with its name. This alone does not stop mail from the address: as long as its
      domain is verified, keys that are not bound to other senders may use it. Added again, it waits anew.
    </Confirm>
  )
}

/** Domains of which every address may send. */
function SendingDomains() {
  const { api } = useSession()
  const domains = useQuery(senderQueries.domains(api))
  if (domains.data === undefined || domains.data.length === 0) return null
  return (
    <Panel title="Domains" lead="Every address of a verified one may be used as From.">
      <ul className="divide-y divide-line">
        {domains.data.map((domain) => (
          <li key={domain.id} className="flex flex-wrap items-center gap-2 px-4 py-2.5 text-sm">
            <Link
              to="/domains/$domainId"
              params={{ domainId: domain.id }}
              search={{}}
              className="rounded font-medium break-all hover:underline"
            >
              @{domain.name}
            </Link>
            <Chip tone={domain.state === 'verified' ? 'ok' : 'warn'}>
              {domain.state === 'verified' ? 'sends' : 'sends nothing'}
            </Chip>
          </li>
        ))}
      </ul>
    </Panel>
  )
}
