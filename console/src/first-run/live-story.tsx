import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { describeFailure } from '../api/problem.ts'
import { queries } from '../api/queries.ts'
import type { TimelineEntry } from '../api/types.ts'
import { formatDuration } from '../format.ts'
import { useSession } from '../session/session.ts'
import { cx } from '../ui/cx.ts'
import { linkLook } from '../ui/link.ts'
import { Time } from '../ui/time.tsx'

/** Besides the live stream, for roles and keys that may not read it. */
const ASK_EVERY_MS = 1_000
/** After a failure: it may pass, and nobody is helped by asking faster. */
const ASK_AGAIN_MS = 10_000

const WORDS: Readonly<Record<string, { readonly title: string; readonly look: string }>> = {
  'message.accepted': { title: 'Accepted and on disk', look: 'bg-info' },
  'message.deferred': { title: 'Deferred: it is tried again', look: 'bg-warn' },
  'message.delivered': { title: 'Delivered', look: 'bg-ok' },
  'message.bounced': { title: 'Bounced', look: 'bg-bad' },
  'message.suppressed': { title: 'Not sent: the address is suppressed', look: 'bg-warn' },
  'message.held': { title: 'Held', look: 'bg-warn' },
}
const SETTLED = new Set(['delivered', 'bounced', 'expired', 'suppressed', 'cancelled', 'uncertain'])

/** What becomes of one mail, as it happens. */
export function LiveStory({
  messageId,
  isCaptured,
}: {
  readonly messageId: string
  readonly isCaptured: boolean
}) {
  const { api } = useSession()
  const message = useQuery({
    ...queries.message(api, messageId),
    refetchInterval: ({ state }) =>
      state.data !== undefined && isSettled(state.data.states)
        ? false
        : state.status === 'error'
          ? ASK_AGAIN_MS
          : ASK_EVERY_MS,
  })
  if (message.data === undefined)
    return (
      <p role="status" className="text-sm text-muted">
        {message.isError ? describeFailure(message.error).detail : 'Accepted. Asking what becomes of it…'}
      </p>
    )
  const { timeline, states, to, subject } = message.data
  const isDone = isSettled(states)
  return (
    <div className="rounded-md border border-line bg-canvas px-3.5 py-3" data-testid="live-story">
      <p className="text-sm break-words">
        <b className="font-semibold">{subject ?? 'A mail'}</b> to {to.join(', ')}
      </p>
      <ol className="mt-2.5 flex flex-col gap-2.5" aria-live="polite">
        {timeline.map((entry) => (
          <Entry key={entry.id} entry={entry} />
        ))}
        {!isDone && (
          <li className="flex items-center gap-2.5 text-sm text-muted">
            <span aria-hidden="true" className="size-2 rounded-full bg-accent motion-safe:animate-pulse" />
            On its way…
          </li>
        )}
      </ol>
      <p className="mt-3 flex flex-wrap gap-x-4 gap-y-1 text-sm">
        <Link to="/messages/$messageId" params={{ messageId }} className={linkLook}>
          Every detail of it
        </Link>
        {isCaptured && (states.delivered ?? 0) > 0 && (
          <Link to="/inbox" className={linkLook}>
            Read it in the inbox
          </Link>
        )}
      </p>
    </div>
  )
}

function Entry({ entry }: { readonly entry: TimelineEntry }) {
  const { title, look } = WORDS[entry.type] ?? { title: entry.type, look: 'bg-line-strong' }
  const { durationMs } = entry.detail
  const said = replyText(entry.detail)
  return (
    <li className="flex gap-2.5 text-sm">
      <span aria-hidden="true" className={cx('mt-1.5 size-2 shrink-0 rounded-full', look)} />
      <span className="min-w-0 flex-1">
        <span className="font-medium">{title}</span>
        {typeof durationMs === 'number' && (
          <span className="text-muted"> in {formatDuration(durationMs)}</span>
        )}
        {said !== undefined && (
          <code className="mt-0.5 block font-mono text-xs break-words text-muted">{said}</code>
        )}
      </span>
      <Time at={entry.at} className="shrink-0 text-xs text-muted" />
    </li>
  )
}

/** What the other server said, with its codes in front. */
function replyText({ code, enhanced, reply }: TimelineEntry['detail']): string | undefined {
  const parts = [code, enhanced, reply].filter((part) => typeof part === 'string' || typeof part === 'number')
  return parts.length === 0 ? undefined : parts.join(' ')
}

function isSettled(states: Readonly<Partial<Record<string, number>>>): boolean {
  const counted = Object.entries(states).filter(([, count]) => (count ?? 0) > 0)
  return counted.length > 0 && counted.every(([state]) => SETTLED.has(state))
}
