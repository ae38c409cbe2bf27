import { useMutation, useQueryClient, type UseInfiniteQueryResult } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { useCallback, useEffect, useRef, useState } from 'react'
import { describeFailure } from '../../api/problem.ts'
import type { CapturedSummary } from '../../api/types.ts'
import { nameOf } from '../../format.ts'
import { useSession } from '../../session/session.ts'
import { Button } from '../../ui/button.tsx'
import { cx } from '../../ui/cx.ts'
import { Dialog } from '../../ui/dialog.tsx'
import { InboxIcon, SearchIcon } from '../../ui/icons.tsx'
import { SearchBox } from '../../ui/search-box.tsx'
import { Empty, Failure, LoadingRows } from '../../ui/states.tsx'
import { Time } from '../../ui/time.tsx'
import { parseInboxSearch } from './inbox-search.ts'

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
          disabledReason={total === 0 ? 'The inbox is empty.' : undefined}
          title="Delete all captured mail"
          className="px-2"
        >
          Empty…
        </Button>
      </div>
      <div className="min-h-0 flex-1 overflow-y-auto">
        <Rows query={query} mails={mails} total={total} openId={openId} openedMs={openedMs} />
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
}: InboxListProperties & { readonly openedMs: number }) {
  if (query.isPending) return <LoadingRows label="Loading the inbox" />
  if (query.isError && total === 0)
    return <Failure error={query.error} onRetry={() => void query.refetch()} />
  if (total === 0) {
    return (
      <Empty icon={<InboxIcon className="size-6" />} title="The inbox is empty">
        Mail that is kept from leaving lands here, the moment it is sent.{' '}
        <Link to="/" className="text-accent underline">
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
  open,
  isNew,
}: {
  readonly mail: CapturedSummary
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
        search={(before) => before}
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
  const client = useQueryClient()
  const navigate = useNavigate()
  const emptying = useMutation({
    mutationFn: () => api.inbox.clear(),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ['inbox'] })
      onClose()
      await navigate({ to: '/inbox' })
    },
  })
  return (
    <Dialog title="Empty the inbox?" onClose={onClose}>
      <p className="text-sm text-muted">
        All captured mail of this workspace is deleted. The messages and their timelines stay.
      </p>
      {emptying.isError && (
        <p role="alert" className="mt-2 text-sm text-bad">
          {describeFailure(emptying.error).detail}
        </p>
      )}
      <div className="mt-4 flex justify-end gap-2">
        <Button onClick={onClose} autoFocus>
          Keep it
        </Button>
        <Button look="danger" onClick={() => emptying.mutate()} disabled={emptying.isPending}>
          {emptying.isPending ? 'Deleting…' : 'Delete all'}
        </Button>
      </div>
    </Dialog>
  )
}
