import { Link } from '@tanstack/react-router'
import { useVirtualizer } from '@tanstack/react-virtual'
import { useRef } from 'react'
import { RECIPIENT_STATES, type Message } from '../../api/types.ts'
import { formatCount } from '../../format.ts'
import { StateChip } from '../../ui/chip.tsx'
import { cx } from '../../ui/cx.ts'
import { Time } from '../../ui/time.tsx'
import type { MessageSearch } from './message-search.ts'

const ROW_PX = 41

type Recipient = Message['recipients'][number]

/** Who got it, or not: filtered by state, up to a thousand. Choosing one shows only what happened to him. */
export function MessageRecipients({
  message,
  search,
}: {
  readonly message: Message
  readonly search: MessageSearch
}) {
  const box = useRef<HTMLDivElement>(null)
  const shown =
    search.state === undefined
      ? message.recipients
      : message.recipients.filter(({ state }) => state === search.state)
  const virtual = useVirtualizer({
    count: shown.length,
    getScrollElement: () => box.current,
    estimateSize: () => ROW_PX,
    overscan: 10,
  })
  return (
    <section aria-labelledby="recipients">
      <div className="mb-2 flex flex-wrap items-center gap-x-3 gap-y-1.5">
        <h2 id="recipients" className="text-base font-semibold">
          Recipients <span className="font-normal text-muted">{formatCount(message.recipientCount)}</span>
        </h2>
        {message.recipientCount > 1 && <StateFilters message={message} search={search} />}
      </div>
      <div ref={box} className="max-h-96 overflow-y-auto rounded-lg border border-line bg-surface">
        {shown.length === 0 && <p className="px-4 py-3 text-sm text-muted">Nobody is in this state.</p>}
        <ul className="relative" style={{ height: virtual.getTotalSize() }}>
          {virtual.getVirtualItems().map((item) => {
            const recipient = shown[item.index]
            return recipient === undefined ? null : (
              <li
                key={recipient.number}
                ref={virtual.measureElement}
                data-index={item.index}
                aria-setsize={shown.length}
                aria-posinset={item.index + 1}
                className="absolute top-0 left-0 w-full"
                style={{ transform: `translateY(${item.start}px)` }}
              >
                <Row recipient={recipient} search={search} isOnly={message.recipientCount === 1} />
              </li>
            )
          })}
        </ul>
      </div>
    </section>
  )
}

function StateFilters({ message, search }: { readonly message: Message; readonly search: MessageSearch }) {
  const { state: _, ...others } = search
  const present = RECIPIENT_STATES.filter(
    (state) => state === search.state || (message.states[state] ?? 0) > 0,
  )
  return (
    <div role="group" aria-label="State of a recipient" className="flex flex-wrap gap-1.5">
      {present.map((state) => {
        const isChosen = search.state === state
        return (
          <Link
            key={state}
            to="/messages/$messageId"
            params={{ messageId: message.id }}
            search={isChosen ? others : { ...others, state }}
            replace
            activeOptions={{ includeSearch: true, exact: true }}
            aria-current={isChosen ? 'true' : undefined}
            className={cx(
              'inline-flex h-6 items-center gap-1.5 rounded-full border px-2.5 text-xs font-medium',
              isChosen
                ? 'border-accent bg-accent-soft text-accent'
                : 'border-line-strong bg-surface text-muted hover:bg-raised hover:text-ink',
            )}
          >
            {state}
            <span className="tabular font-normal">{formatCount(message.states[state] ?? 0)}</span>
          </Link>
        )
      })}
    </div>
  )
}

function Row({
  recipient,
  search,
  isOnly,
}: {
  readonly recipient: Recipient
  readonly search: MessageSearch
  readonly isOnly: boolean
}) {
  const { recipient: chosen, ...others } = search
  const isChosen = chosen === recipient.number
  const address = recipient.email || <span className="text-muted italic">no longer readable</span>
  return (
    <div
      className={cx(
        'flex flex-wrap items-center gap-x-3 gap-y-1 border-b border-line px-3 py-2 sm:px-4',
        isChosen && 'bg-accent-soft',
      )}
    >
      <span className="tabular w-6 text-right text-xs text-muted" title="Number of the recipient">
        {recipient.number}
      </span>
      <span className="min-w-0 flex-1 basis-36 font-medium break-all">
        {isOnly ? (
          address
        ) : (
          <Link
            from="/messages/$messageId"
            to="."
            search={isChosen ? others : { ...others, recipient: recipient.number }}
            replace
            title={isChosen ? 'Show the timeline of all again' : 'Show the timeline of this one only'}
            className="rounded hover:underline"
          >
            {address}
          </Link>
        )}
        {recipient.kind !== 'to' && (
          <span className="ml-2 text-xs font-normal text-muted">{recipient.kind}</span>
        )}
      </span>
      <span className="text-xs text-muted">
        {recipient.attempts === 1 ? '1 attempt' : `${recipient.attempts} attempts`}
        {recipient.state !== 'held' && recipient.nextAttemptAt !== null && (
          <>
            {', next '}
            <Time at={recipient.nextAttemptAt} />
          </>
        )}
      </span>
      <StateChip state={recipient.state} />
    </div>
  )
}
