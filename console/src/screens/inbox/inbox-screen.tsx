import { useInfiniteQuery } from '@tanstack/react-query'
import { useNavigate, useParams, useSearch } from '@tanstack/react-router'
import { useCallback, useMemo } from 'react'
import { queries } from '../../api/queries.ts'
import type { CapturedSummary } from '../../api/types.ts'
import { useSession } from '../../session/session.ts'
import { cx } from '../../ui/cx.ts'
import { Guard } from '../../ui/guard.tsx'
import { InboxIcon } from '../../ui/icons.tsx'
import { Empty } from '../../ui/states.tsx'
import { useListKeys } from '../../ui/use-list-keys.ts'
import { InboxList } from './inbox-list.tsx'
import { MailReader } from './mail-reader.tsx'

/** Captured mail: the list at the left, the mail at the right; one after the other on a phone. */
export function InboxScreen() {
  return (
    <Guard scope="inbox:read" what="the inbox" title="Inbox">
      <Inbox />
    </Guard>
  )
}

function Inbox() {
  const { api } = useSession()
  const navigate = useNavigate()
  const search = useSearch({ from: '/inbox' })
  const { capturedId } = useParams({ strict: false })
  const inbox = useInfiniteQuery(queries.inbox(api))
  const all = useMemo(() => inbox.data?.pages.flatMap((page) => page.data) ?? [], [inbox.data])
  const shown = useMemo(() => all.filter((mail) => matches(mail, search.q)), [all, search.q])

  const open = useCallback(
    (id: string | undefined) => {
      void (id === undefined
        ? navigate({ to: '/inbox', search })
        : navigate({ to: '/inbox/$capturedId', params: { capturedId: id }, search }))
    },
    [navigate, search],
  )
  const keys = useMemo(
    () => ({
      onMove: (step: 1 | -1) => {
        const at = shown.findIndex((mail) => mail.id === capturedId)
        const next = shown[at < 0 ? 0 : at + step]
        if (next !== undefined) open(next.id)
      },
      onLeave: () => open(undefined),
    }),
    [shown, capturedId, open],
  )
  useListKeys(keys)

  return (
    <div className="flex h-full min-h-0">
      <title>Inbox · Bulkhead</title>
      {capturedId === undefined && <h1 className="sr-only">Inbox</h1>}
      <section
        aria-label="Captured mail"
        className={cx(
          'w-full min-w-0 flex-col border-line bg-surface lg:flex lg:w-90 lg:shrink-0 lg:border-r xl:w-105',
          capturedId === undefined ? 'flex' : 'hidden',
        )}
      >
        <InboxList query={inbox} mails={shown} total={all.length} openId={capturedId} />
      </section>
      <section
        aria-label="Mail"
        className={cx('min-w-0 flex-1 flex-col lg:flex', capturedId === undefined ? 'hidden' : 'flex')}
      >
        {capturedId === undefined ? (
          <Empty
            icon={<InboxIcon className="size-6" />}
            title={all.length === 0 ? 'Nothing to read yet' : 'No mail is open'}
          >
            {all.length > 0 && (
              <>
                Choose one from the list, or press <Key>j</Key> and <Key>k</Key> to walk through it.{' '}
                <Key>/</Key> searches, <Key>Esc</Key> closes.
              </>
            )}
          </Empty>
        ) : (
          <MailReader key={capturedId} id={capturedId} search={search} />
        )}
      </section>
    </div>
  )
}

function Key({ children }: { readonly children: string }) {
  return (
    <kbd className="rounded border border-line-strong bg-surface px-1.5 font-mono text-xs text-ink">
      {children}
    </kbd>
  )
}

function matches(mail: CapturedSummary, words: string | undefined): boolean {
  if (words === undefined) return true
  const text = [mail.from, mail.subject ?? '', ...mail.to].join('\n').toLowerCase()
  return words
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word))
}
