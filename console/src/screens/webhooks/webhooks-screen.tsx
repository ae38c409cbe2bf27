import { useInfiniteQuery } from '@tanstack/react-query'
import { Link, useSearch } from '@tanstack/react-router'
import type { Webhook } from '@bulkhead/sdk'
import { useSession } from '../../session/session.ts'
import { Button } from '../../ui/button.tsx'
import { DataTable } from '../../ui/data-table.tsx'
import { Guard } from '../../ui/guard.tsx'
import { HookIcon, PlusIcon } from '../../ui/icons.tsx'
import { linkLook } from '../../ui/link.ts'
import { Listing } from '../../ui/listing.tsx'
import { Page } from '../../ui/page.tsx'
import { Empty } from '../../ui/states.tsx'
import { Time } from '../../ui/time.tsx'
import { useAllowed } from '../../ui/use-allowed.ts'
import { eventsInWords } from './event-words.ts'
import { FORMAT_NAMES, isAll } from './formats.ts'
import { NewWebhook } from './new-webhook.tsx'
import { WebhookState } from './webhook-state.tsx'
import { webhookQueries } from './webhooks-queries.ts'

/** Where the workspace wants its events, and how each endpoint is doing. */
export function WebhooksScreen() {
  const { view } = useSearch({ from: '/webhooks' })
  return (
    <Guard scope="webhooks:read" what="the webhooks" title="Webhooks">
      {view === 'new' ? <NewWebhook /> : <Webhooks />}
    </Guard>
  )
}

function Webhooks() {
  const { api } = useSession()
  const query = useInfiniteQuery(webhookQueries.list(api))
  const mayNot = useAllowed('webhooks:write', 'credential')
  return (
    <Page
      title="Webhooks"
      lead="Your programs hear what happens to mail as it happens."
      actions={
        mayNot === undefined ? (
          <Link
            to="/webhooks"
            search={{ view: 'new' }}
            className="inline-flex h-8 items-center gap-1.5 rounded-md bg-accent px-3 text-sm font-medium text-accent-ink hover:opacity-90"
          >
            <PlusIcon className="size-3.5" />
            New webhook
          </Link>
        ) : (
          <Button look="main" disabledReason={mayNot}>
            New webhook
          </Button>
        )
      }
    >
      <div className="rounded-lg border border-line bg-surface">
        <Listing
          query={query}
          label="webhooks"
          empty={
            <Empty icon={<HookIcon className="size-6" />} title="No webhooks yet">
              Add one, and your program is told of each delivery, bounce, complaint and click.{' '}
              {mayNot === undefined && (
                <Link to="/webhooks" search={{ view: 'new' }} className={linkLook}>
                  Add the first one
                </Link>
              )}
            </Empty>
          }
        >
          {(rows) => (
            <DataTable
              label="Webhooks"
              rows={rows}
              rowKey={(row) => row.id}
              linkTo={(row) => ({ to: '/webhooks/$webhookId', params: { webhookId: row.id } })}
              columns={[
                {
                  id: 'url',
                  header: 'Endpoint',
                  cell: (row) => (
                    <>
                      <span className="font-mono text-xs break-all">{row.url}</span>
                      {row.description !== null && (
                        <span className="block text-xs font-normal text-muted">{row.description}</span>
                      )}
                    </>
                  ),
                },
                {
                  id: 'format',
                  header: 'Format',
                  hideBelow: 'md',
                  cell: (row) => FORMAT_NAMES[row.format],
                },
                {
                  id: 'events',
                  header: 'Events',
                  hideBelow: 'sm',
                  cell: (row) => <span title={eventsOf(row).join('\n')}>{eventsInWords(eventsOf(row))}</span>,
                },
                {
                  id: 'state',
                  header: 'State',
                  hideBelow: 'sm',
                  cell: (row) => <WebhookState webhook={row} />,
                },
                { id: 'since', header: 'Added', hideBelow: 'md', cell: (row) => <Time at={row.createdAt} /> },
              ]}
            />
          )}
        </Listing>
      </div>
    </Page>
  )
}

/** By the names that were chosen; none where it is all that the format can tell. */
function eventsOf({ format, eventTypes, formatEvents }: Webhook): readonly string[] {
  if (formatEvents.length > 0) return formatEvents
  return isAll(format, eventTypes) ? [] : eventTypes
}
