import { Link, useNavigate } from '@tanstack/react-router'
import { useVirtualizer } from '@tanstack/react-virtual'
import { useEffect, useMemo, useRef, useState } from 'react'
import { describeFailure } from '../../api/problem.ts'
import type { MessageSummary } from '../../api/types.ts'
import { Button } from '../../ui/button.tsx'
import { MessagesIcon, SearchIcon } from '../../ui/icons.tsx'
import { linkLook } from '../../ui/link.ts'
import { Empty, Failure, LoadingRows } from '../../ui/states.tsx'
import { useListKeys } from '../../ui/use-list-keys.ts'
import { MessageRow } from './message-row.tsx'
import { filtersOf, unfiltered, type MessagesSearch } from './messages-search.ts'
import { useMessageFeed, type MessageFeed } from './use-message-feed.ts'

/** Two lines and their padding; rows with many states are taller and measured. */
const ROW_PX = 57
const OVERSCAN = 8
/** More is loaded when so many rows are left below. */
const AHEAD = 25

/** The list itself: only the rows that are seen exist, older ones come while one scrolls, new ones slide in unless that would move what is read. */
export function MessageList({ search }: { readonly search: MessagesSearch }) {
  const filters = filtersOf(search)
  const box = useRef<HTMLDivElement>(null)
  const [isScrolled, setIsScrolled] = useState(false)
  const [isHovered, setIsHovered] = useState(false)
  const [chosenId, setChosenId] = useState<string>()
  const isHeld = search.tail === 'off' || isScrolled || isHovered || chosenId !== undefined
  const feed = useMessageFeed(filters, isHeld)
  const showNew = (): void => {
    feed.showNew()
    setChosenId(undefined)
    box.current?.scrollTo({ top: 0 })
  }
  return (
    <div className="relative min-h-0 flex-1 bg-surface">
      {feed.newCount > 0 && isHeld && (
        <button
          type="button"
          onClick={showNew}
          className="absolute top-2 left-1/2 z-10 -translate-x-1/2 rounded-full bg-accent px-3 py-1 text-xs font-medium text-accent-ink shadow-md"
        >
          {feed.newCount}
          {feed.isCountWhole ? '' : '+'} new {feed.newCount === 1 ? 'message' : 'messages'} ↑
        </button>
      )}
      <div
        ref={box}
        onScroll={(event) => setIsScrolled(event.currentTarget.scrollTop > 4)}
        onPointerEnter={(event) => event.pointerType === 'mouse' && setIsHovered(true)}
        onPointerLeave={() => setIsHovered(false)}
        className="h-full overflow-y-auto"
      >
        {feed.isPending ? (
          <LoadingRows rows={8} label="Loading messages" />
        ) : feed.error !== null ? (
          <Failure error={feed.error} onRetry={feed.retry} />
        ) : feed.rows.length === 0 ? (
          <NoMessages search={search} />
        ) : (
          <Rows feed={feed} box={box} chosenId={chosenId} onChoose={setChosenId} />
        )}
      </div>
    </div>
  )
}

function Rows({
  feed,
  box,
  chosenId,
  onChoose,
}: {
  readonly feed: MessageFeed
  readonly box: React.RefObject<HTMLDivElement | null>
  readonly chosenId: string | undefined
  readonly onChoose: (id: string | undefined) => void
}) {
  const navigate = useNavigate()
  const [openedMs] = useState(() => Date.now())
  const { rows } = feed
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => box.current,
    estimateSize: () => ROW_PX,
    getItemKey: (index) => rows[index]?.id ?? index,
    overscan: OVERSCAN,
  })
  const items = virtual.getVirtualItems()
  const last = items.at(-1)?.index ?? 0
  const { hasMore, loadMore, moreError } = feed
  useEffect(() => {
    if (hasMore && moreError === null && last >= rows.length - AHEAD) loadMore()
  }, [hasMore, moreError, last, rows.length, loadMore])
  const keys = useMemo(
    () => ({
      onMove: (step: 1 | -1) => {
        const at = rows.findIndex((row) => row.id === chosenId)
        const place = at < 0 ? 0 : Math.min(rows.length - 1, Math.max(0, at + step))
        virtual.scrollToIndex(place)
        onChoose(rows[place]?.id)
      },
      onOpen: () => {
        if (chosenId !== undefined)
          void navigate({ to: '/messages/$messageId', params: { messageId: chosenId } })
      },
      onLeave: () => onChoose(undefined),
    }),
    [rows, chosenId, onChoose, navigate, virtual],
  )
  useListKeys(keys)
  return (
    <>
      <ul aria-label="Messages" className="relative" style={{ height: virtual.getTotalSize() }}>
        {items.map((item) => {
          const row = rows[item.index]
          return row === undefined ? null : (
            <li
              key={item.key}
              ref={virtual.measureElement}
              data-index={item.index}
              aria-setsize={hasMore ? -1 : rows.length}
              aria-posinset={item.index + 1}
              className="absolute top-0 left-0 w-full"
              style={{ transform: `translateY(${item.start}px)` }}
            >
              <MessageRow message={row} chosen={row.id === chosenId} isNew={isNew(row, openedMs)} />
            </li>
          )
        })}
      </ul>
      <div role="status" className="px-4 py-3 text-center text-xs text-muted">
        {feed.isLoadingMore ? (
          'Loading older messages…'
        ) : moreError !== null ? (
          <span className="inline-flex flex-wrap items-center justify-center gap-3">
            <span title={describeFailure(moreError).detail}>Older messages could not be loaded.</span>
            <Button onClick={feed.retryMore}>Try again</Button>
          </span>
        ) : hasMore ? (
          ''
        ) : (
          `${rows.length === 1 ? 'The only message' : `All ${rows.length.toLocaleString('en')} messages`}.`
        )}
      </div>
    </>
  )
}

function isNew(row: MessageSummary, openedMs: number): boolean {
  return Date.parse(row.createdAt) > openedMs
}

function NoMessages({ search }: { readonly search: MessagesSearch }) {
  if (Object.keys(filtersOf(search)).length > 0) {
    return (
      <Empty icon={<SearchIcon className="size-6" />} title="No message matches">
        Recipients and tags are matched whole, not by a part.{' '}
        <Link to="/messages" search={unfiltered(search)} className={linkLook}>
          Clear the filters
        </Link>
        .
      </Empty>
    )
  }
  return (
    <Empty icon={<MessagesIcon className="size-6" />} title="No messages yet">
      Each message that is accepted by the API or by SMTP is listed here with its whole story.{' '}
      <Link to="/" className={linkLook}>
        Send a first one
      </Link>
      .
    </Empty>
  )
}
