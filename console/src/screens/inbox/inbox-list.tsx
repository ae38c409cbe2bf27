import type { UseInfiniteQueryResult } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { useCallback, useEffect, useRef, useState } from 'react'
import type { CapturedSummary } from '../../api/types.ts'
import { nameOf } from '../../format.ts'
import { useAccess } from '../../session/access.ts'
import { useSession } from '../../session/session.ts'
import { Button } from '../../ui/button.tsx'
import { Confirm } from '../../ui/confirm.tsx'
import { cx } from '../../ui/cx.ts'
import { useMay } from '../../ui/guard.tsx'
import { InboxIcon, SearchIcon } from '../../ui/icons.tsx'
import { linkLook } from '../../ui/link.ts'
import { SearchBox } from '../../ui/search-box.tsx'
import { Empty, Failure, LoadingRows } from '../../ui/states.tsx'
import { Time } from '../../ui/time.tsx'
import { useAct } from '../../ui/use-mutation-act.ts'
import { parseInboxSearch, type InboxSearch } from './inbox-search.ts'

interface InboxListProperties {
  readonly query: UseInfiniteQueryResult
  readonly mails: readonly CapturedSummary[]
  /** How many are loaded, shown or not. */
  readonly total: number
  readonly openId: string | undefined
}

export function InboxList({ query, mails, total, openId }: InboxListProperties) {
  const navigate = useNavigate()
  const search = useSearch({ from: '/inbox' })
  const mayNot = useMay('inbox:write')
  const [emptying, setEmptying] = useState(false)
  const [openedMs] = useState(() => Date.now())
  const find = useCallback(
    (q: string) => void navigate({ to: '.', search: parseInboxSearch({ ...search, q }), replace: true }),
    [navigate, search],
  )
  return (
    <>
      <div className="flex items-center gap-2 border-b border-line p-2">
        <SearchBox
          value={search.q ?? ''}
          onSearch={find}
          label="Search the mail that is loaded"
          placeholder="Search ( / )"
          hotkey
        />
        <Button
          look="quiet"
          onClick={() => setEmptying(true)}
          disabledReason={mayNot ?? (total === 0 ? 'The inbox is empty.' : undefined)}
          title="Delete all captured mail"
          className="px-2"
        >
          Empty…
        </Button>
      </div>
      <div className="min-h-0 flex-1 overflow-y-auto">
        <Rows query={query} mails={mails} total={total} openId={openId} openedMs={openedMs} search={search} />
      </div>
      {emptying && <EmptyInbox onClose={() => setEmptying(false)} />}
    </>
  )
}

function Rows({
  query,
  mails,
  total,
  openId,
  openedMs,
  search,
}: InboxListProperties & { readonly openedMs: number; readonly search: InboxSearch }) {
  const { installation } = useAccess()
  if (query.isPending) return <LoadingRows label="Loading the inbox" />
  if (query.isError && total === 0)
    return <Failure error={query.error} onRetry={() => void query.refetch()} />
  if (total === 0 && installation.outbound !== 'capture') {
    return (
      <Empty icon={<InboxIcon className="size-6" />} title="Nothing is captured here">
        This installation sends its mail out. What became of it stands under{' '}
        <Link to="/messages" className={linkLook}>
          Messages
        </Link>
        .
      </Empty>
    )
  }
  if (total === 0) {
    return (
      <Empty icon={<InboxIcon className="size-6" />} title="The inbox is empty">
        Mail that is kept from leaving lands here, the moment it is sent.{' '}
        <Link to="/" className={linkLook}>
          Send a first one
        </Link>
        .
      </Empty>
    )
  }
  return (
    <>
      {mails.length === 0 && (
        <Empty icon={<SearchIcon className="size-6" />} title="No mail matches">
          The search looks at sender, recipients and subject of the {total} mails that are loaded.
        </Empty>
      )}
      <ul>
        {mails.map((mail) => (
          <Row
            key={mail.id}
            mail={mail}
            search={search}
            open={mail.id === openId}
            isNew={Date.parse(mail.receivedAt) > openedMs}
          />
        ))}
      </ul>
      {query.hasNextPage && (
        <div className="p-3 text-center">
          <Button onClick={() => void query.fetchNextPage()} disabled={query.isFetchingNextPage}>
            {query.isFetchingNextPage ? 'Loading…' : 'Load older mail'}
          </Button>
        </div>
      )}
    </>
  )
}

function Row({
  mail,
  search,
  open,
  isNew,
}: {
  readonly mail: CapturedSummary
  readonly search: InboxSearch
  readonly open: boolean
  readonly isNew: boolean
}) {
  const link = useRef<HTMLAnchorElement>(null)
  useEffect(() => {
    if (open) link.current?.scrollIntoView({ block: 'nearest' })
  }, [open])
  return (
    <li>
      <Link
        ref={link}
        to="/inbox/$capturedId"
        params={{ capturedId: mail.id }}
        search={search}
        aria-current={open ? 'true' : undefined}
        className={cx(
          'block border-b border-l-2 border-b-line px-3 py-2 -outline-offset-2',
          open ? 'border-l-accent bg-accent-soft' : 'border-l-transparent hover:bg-raised',
          isNew && !open && 'arrived',
        )}
      >
        <span className="flex items-baseline gap-2">
          <span className="min-w-0 flex-1 truncate font-medium">{nameOf(mail.from) || 'no sender'}</span>
          <Time at={mail.receivedAt} className="tabular shrink-0 text-xs text-muted" />
        </span>
        <span className={cx('block truncate', mail.subject ? '' : 'text-muted italic')}>
          {mail.subject || 'no subject'}
        </span>
        <span className="block truncate text-xs text-muted">to {mail.to.join(', ')}</span>
      </Link>
    </li>
  )
}

function EmptyInbox({ onClose }: { readonly onClose: () => void }) {
  const { api } = useSession()
  const navigate = useNavigate()
  const emptying = useAct(
    async () => {
      await api.inbox.clear()
      await navigate({ to: '/inbox' })
    },
    { done: 'The inbox is empty.', refresh: ['inbox'] },
  )
  return (
    <Confirm
      title="Empty the inbox?"
      action="Delete all"
      danger
      onConfirm={() => emptying.orThrow()}
      onClose={onClose}
    >
      All captured mail of this workspace is deleted. The messages and their timelines stay.
    </Confirm>
  )
}
