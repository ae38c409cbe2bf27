import { useInfiniteQuery } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { useMemo, useState } from 'react'
import { queries } from '../../api/queries.ts'
import { useSession } from '../../session/session.ts'
import { Button } from '../../ui/button.tsx'
import { MessagesIcon, SearchIcon } from '../../ui/icons.tsx'
import { Empty, Failure, LoadingRows } from '../../ui/states.tsx'
import { useListKeys } from '../../ui/use-list-keys.ts'
import { MessageRow } from './message-row.tsx'
import { MessagesFilters } from './messages-filters.tsx'
import { filterOf, RANGE_MS } from './messages-search.ts'

/** Every accepted message, newest first; the filters stand in the address. */
export function MessagesScreen() {
  const { api } = useSession()
  const navigate = useNavigate()
  const search = useSearch({ from: '/messages' })
  const sinceMs = search.range === undefined ? undefined : RANGE_MS[search.range]
  const messages = useInfiniteQuery(queries.messages(api, filterOf(search), sinceMs))
  const rows = useMemo(() => messages.data?.pages.flatMap((page) => page.data) ?? [], [messages.data])
  const [chosenId, setChosenId] = useState<string>()
  const [openedMs] = useState(() => Date.now())

  const keys = useMemo(
    () => ({
      onMove: (step: 1 | -1) => {
        const at = rows.findIndex((row) => row.id === chosenId)
        const next = rows[at < 0 ? 0 : at + step]
        if (next !== undefined) setChosenId(next.id)
      },
      onOpen: () => {
        if (chosenId !== undefined)
          void navigate({ to: '/messages/$messageId', params: { messageId: chosenId } })
      },
      onLeave: () => setChosenId(undefined),
    }),
    [rows, chosenId, navigate],
  )
  useListKeys(keys)

  const filtered = Object.keys(search).length > 0
  return (
    <div className="flex min-h-full flex-col">
      <title>Messages · Bulkhead</title>
      <h1 className="sr-only">Messages</h1>
      <MessagesFilters search={search} />
      <div className="flex-1 bg-surface">
        {messages.isPending ? (
          <LoadingRows rows={8} label="Loading messages" />
        ) : messages.isError && rows.length === 0 ? (
          <Failure error={messages.error} onRetry={() => void messages.refetch()} />
        ) : rows.length === 0 ? (
          <NoMessages filtered={filtered} />
        ) : (
          <ul aria-label="Messages">
            {rows.map((row) => (
              <MessageRow
                key={row.id}
                message={row}
                chosen={row.id === chosenId}
                isNew={Date.parse(row.createdAt) > openedMs}
              />
            ))}
          </ul>
        )}
        {messages.hasNextPage && (
          <div className="p-4 text-center">
            <Button onClick={() => void messages.fetchNextPage()} disabled={messages.isFetchingNextPage}>
              {messages.isFetchingNextPage ? 'Loading…' : 'Load older messages'}
            </Button>
          </div>
        )}
      </div>
    </div>
  )
}

function NoMessages({ filtered }: { readonly filtered: boolean }) {
  if (filtered) {
    return (
      <Empty icon={<SearchIcon className="size-6" />} title="No message matches">
        Recipients and tags are matched whole, not by a part.{' '}
        <Link to="/messages" className="text-accent underline">
          Clear the filters
        </Link>
        .
      </Empty>
    )
  }
  return (
    <Empty icon={<MessagesIcon className="size-6" />} title="No messages yet">
      Each message that is accepted by the API or by SMTP is listed here with its whole story.{' '}
      <Link to="/" className="text-accent underline">
        Send a first one
      </Link>
      .
    </Empty>
  )
}
