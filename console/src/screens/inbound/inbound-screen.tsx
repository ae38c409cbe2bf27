import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import type { InboundRoute } from '@bulkhead/sdk'
import { useSession } from '../../session/session.ts'
import { Button } from '../../ui/button.tsx'
import { Chip } from '../../ui/chip.tsx'
import { CodeBlock } from '../../ui/code-block.tsx'
import { DataTable } from '../../ui/data-table.tsx'
import { EditAndDelete } from '../../ui/edit-and-delete.tsx'
import { Facts } from '../../ui/facts.tsx'
import { Guard } from '../../ui/guard.tsx'
import { InboundIcon, PlusIcon } from '../../ui/icons.tsx'
import { linkLook } from '../../ui/link.ts'
import { Listing, Loaded } from '../../ui/listing.tsx'
import { Note } from '../../ui/note.tsx'
import { Page } from '../../ui/page.tsx'
import { Panel } from '../../ui/panel.tsx'
import { Empty } from '../../ui/states.tsx'
import { Time } from '../../ui/time.tsx'
import { useAllowed } from '../../ui/use-allowed.ts'
import { useAct } from '../../ui/use-mutation-act.ts'
import { InboundForm } from './inbound-form.tsx'
import { InboundMail } from './inbound-mail.tsx'
import { inboundQueries } from './inbound-queries.ts'
import type { InboundSearch } from './inbound-search.ts'

/** Host names whose mail goes to programs: the list, or one of them. */
export function InboundScreen() {
  const { id, state } = useSearch({ from: '/inbound' })
  return (
    <Guard scope="webhooks:read" what="the inbound routes" title="Inbound routes">
      {id === undefined ? <Routes /> : <OneRoute key={id} id={id} state={state} />}
    </Guard>
  )
}

function Routes() {
  const { api } = useSession()
  const query = useInfiniteQuery(inboundQueries.list(api))
  const mayNot = useAllowed('webhooks:write', 'sender-change')
  const [isNew, setIsNew] = useState(false)
  return (
    <Page
      title="Inbound routes"
      lead="Mail to a host name of yours, posted to your program as SendGrid’s Inbound Parse posts it."
      actions={
        <Button look="main" onClick={() => setIsNew(true)} disabledReason={mayNot}>
          <PlusIcon className="size-3.5" /> New route
        </Button>
      }
    >
      <div className="rounded-lg border border-line bg-surface">
        <Listing
          query={query}
          label="inbound routes"
          empty={
            <Empty icon={<InboundIcon className="size-6" />} title="No inbound routes yet">
              Name a host below a verified domain and the URL of your program. Answers of customers, tickets
              and orders by mail then come as requests.
            </Empty>
          }
        >
          {(rows) => (
            <DataTable
              label="Inbound routes"
              rows={rows}
              rowKey={(row) => row.id}
              linkTo={(row) => ({ to: '/inbound', search: { id: row.id } })}
              columns={[
                {
                  id: 'hostname',
                  header: 'Host name',
                  cell: (row) => <span className="font-mono text-xs break-all">{row.hostname}</span>,
                },
                {
                  id: 'url',
                  header: 'Goes to',
                  hideBelow: 'sm',
                  cell: (row) => <span className="font-mono text-xs break-all">{row.url}</span>,
                },
                { id: 'state', header: 'State', hideBelow: 'sm', cell: (row) => <RouteState route={row} /> },
                { id: 'at', header: 'Made', hideBelow: 'md', cell: (row) => <Time at={row.createdAt} /> },
              ]}
            />
          )}
        </Listing>
      </div>
      {isNew && <InboundForm onClose={() => setIsNew(false)} />}
    </Page>
  )
}

function RouteState({ route }: { readonly route: InboundRoute }) {
  return route.isActive ? <Chip tone="ok">takes mail</Chip> : <Chip tone="warn">takes nothing</Chip>
}

function OneRoute({ id, state }: { readonly id: string; readonly state: InboundSearch['state'] }) {
  const { api } = useSession()
  const query = useQuery(inboundQueries.one(api, id))
  return (
    <Page
      title={query.data?.hostname ?? 'Inbound route'}
      lead={query.data !== undefined && <span className="font-mono text-xs break-all">{query.data.url}</span>}
      back={
        <Link to="/inbound" className={linkLook}>
          Inbound routes
        </Link>
      }
      actions={query.data !== undefined && <Acts route={query.data} />}
    >
      <Loaded query={query} label="the route">
        {(route) => (
          <>
            {!route.isActive && (
              <Note tone="warn" title="It takes nothing">
                No verified domain of the workspace is {route.hostname} or stands above it. See{' '}
                <Link to="/domains" className={linkLook}>
                  Domains
                </Link>
                .
              </Note>
            )}
            <InboundMail route={route} state={state} />
            <Setup route={route} />
          </>
        )}
      </Loaded>
    </Page>
  )
}

/** What has to be published for it, and how the program knows that a request is ours. */
function Setup({ route }: { readonly route: InboundRoute }) {
  return (
    <Panel title="Settings" lead="Requests are signed as SendGrid signs: ECDSA on P-256 with SHA-256.">
      <Facts
        rows={[
          ['State', <RouteState key="state" route={route} />],
          ['Posted', route.sendRaw ? 'the mail as it came, in the field email' : 'its parts and attachments'],
          [
            'DNS',
            `an MX record of ${route.hostname} that names the host on which this installation takes mail from outside`,
          ],
          ['Made', <Time key="at" at={route.createdAt} />],
          ['Id', <code key="id">{route.id}</code>],
        ]}
      />
      <div className="flex flex-col gap-4 p-4">
        <div>
          <p className="mb-1.5 text-sm">The public key that requests are verified with; it is no secret:</p>
          <CodeBlock label="Set the public key" shown={`export WEBHOOK_PUBLIC_KEY='${route.publicKey}'`} />
        </div>
      </div>
    </Panel>
  )
}

function Acts({ route }: { readonly route: InboundRoute }) {
  const { api } = useSession()
  const navigate = useNavigate()
  const mayNot = useAllowed('webhooks:write', 'sender-change')
  const remove = useAct(
    async () => {
      await api.inboundRoutes.delete(route.id)
      await navigate({ to: '/inbound' })
    },
    { done: 'The route is gone.', refresh: ['inbound-routes'] },
  )
  return (
    <EditAndDelete
      mayNot={mayNot}
      form={(close) => <InboundForm route={route} onClose={close} />}
      title={`Take no more mail for ${route.hostname}?`}
      action="Delete the route"
      onDelete={() => remove.orThrow()}
    >
      Whoever writes there gets a refusal. What was taken before still goes to the program.
    </EditAndDelete>
  )
}
