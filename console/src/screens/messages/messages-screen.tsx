import { useSearch } from '@tanstack/react-router'
import { Guard } from '../../ui/guard.tsx'
import { MessageList } from './message-list.tsx'
import { MessagesFilters } from './messages-filters.tsx'
import { filtersOf } from './messages-search.ts'

/** Every accepted message, newest first; the filters stand in the address. */
export function MessagesScreen() {
  const search = useSearch({ from: '/messages' })
  const filters = filtersOf(search)
  return (
    <div className="flex h-full min-h-0 flex-col">
      <title>Messages · Bulkhead</title>
      <h1 className="sr-only">Messages</h1>
      <Guard scope="messages:read" what="messages">
        <MessagesFilters search={search} />
        <MessageList key={JSON.stringify(filters)} search={search} />
      </Guard>
    </div>
  )
}
