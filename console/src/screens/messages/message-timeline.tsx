import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import type { Message, TimelineEntry } from '../../api/types.ts'
import { formatCount, formatDuration } from '../../format.ts'
import { Button } from '../../ui/button.tsx'
import type { Tone } from '../../ui/chip.tsx'
import { cx } from '../../ui/cx.ts'
import { linkLook } from '../../ui/link.ts'
import { useClock } from '../../ui/clock.tsx'
import { Time } from '../../ui/time.tsx'
import { Dialogue } from './dialogue.tsx'
import type { MessageSearch } from './message-search.ts'
import { storyOf } from './timeline.ts'

/** A message to a thousand recipients has thousands of entries. */
const SHOWN_AT_FIRST = 200

const DOTS: Readonly<Record<Tone, string>> = {
  neutral: 'bg-line-strong',
  ok: 'bg-ok',
  warn: 'bg-warn',
  bad: 'bg-bad',
  info: 'bg-info',
  accent: 'bg-accent',
}

/** Everything that happened, in order, each with the time since acceptance; of all, of one recipient, or one recipient after the other. */
export function MessageTimeline({
  message,
  search,
}: {
  readonly message: Message
  readonly search: MessageSearch
}) {
  const [all, setAll] = useState(false)
  const addresses = new Map(message.recipients.map(({ number, email }) => [number, email]))
  const addressOf = (number: number): string => addresses.get(number) || `recipient ${number}`
  const wanted = entriesOf(message.timeline, search)
  const entries = all ? wanted : wanted.slice(0, SHOWN_AT_FIRST)
  const more = wanted.length - entries.length
  const isGrouped = search.group === 'recipient' && search.recipient === undefined
  return (
    <section aria-labelledby="timeline">
      <div className="mb-2 flex flex-wrap items-baseline gap-x-3">
        <h2 id="timeline" className="text-base font-semibold">
          Timeline
          {search.recipient !== undefined && (
            <span className="font-normal break-all text-muted"> of {addressOf(search.recipient)}</span>
          )}
        </h2>
        <Grouping message={message} search={search} />
      </div>
      <ol className="rounded-lg border border-line bg-surface px-3 py-1 sm:px-4">
        {entries.map((entry, place) => (
          <Entry
            key={entry.id}
            entry={entry}
            heading={
              isGrouped && entry.recipient !== null && entries[place - 1]?.recipient !== entry.recipient
                ? addressOf(entry.recipient)
                : undefined
            }
            address={isGrouped || entry.recipient === null ? undefined : addressOf(entry.recipient)}
            afterMs={Date.parse(entry.at) - Date.parse(message.createdAt)}
          />
        ))}
      </ol>
      {more > 0 && (
        <Button className="mt-2" onClick={() => setAll(true)}>
          Show {formatCount(more)} more
        </Button>
      )}
    </section>
  )
}

/** What concerns the whole message stays, whoever is looked at. */
function entriesOf(
  timeline: readonly TimelineEntry[],
  { recipient, group }: MessageSearch,
): readonly TimelineEntry[] {
  if (recipient !== undefined)
    return timeline.filter((entry) => entry.recipient === null || entry.recipient === recipient)
  if (group === undefined) return timeline
  return timeline.toSorted((a, b) => (a.recipient ?? 0) - (b.recipient ?? 0))
}

function Grouping({ message, search }: { readonly message: Message; readonly search: MessageSearch }) {
  if (message.recipientCount === 1) return null
  const { group, recipient, ...others } = search
  const [next, words] =
    recipient === undefined
      ? group === undefined
        ? ([{ ...others, group: 'recipient' }, 'One recipient after the other'] as const)
        : ([others, 'In the order of time'] as const)
      : ([others, 'Of all recipients'] as const)
  return (
    <Link
      to="/messages/$messageId"
      params={{ messageId: message.id }}
      search={next}
      replace
      className={cx(linkLook, 'ml-auto text-xs')}
    >
      {words}
    </Link>
  )
}

function Entry({
  entry,
  heading,
  address,
  afterMs,
}: {
  readonly entry: TimelineEntry
  readonly heading: string | undefined
  readonly address: string | undefined
  readonly afterMs: number
}) {
  const story = storyOf(entry)
  const { clock } = useClock()
  return (
    <li>
      {heading !== undefined && (
        <p className="mt-2 border-t border-line pt-3 text-sm font-semibold break-all">{heading}</p>
      )}
      <div className="group relative flex gap-3 pb-4">
        <span aria-hidden="true" className="absolute top-6 bottom-0 left-[5px] w-0.5 bg-line" />
        <span aria-hidden="true" className={cx('z-1 mt-3 size-3 shrink-0 rounded-full', DOTS[story.tone])} />
        <div className="min-w-0 flex-1 pt-2">
          <div className="flex flex-wrap items-baseline gap-x-2">
            <h3 className="font-semibold">{story.title}</h3>
            {address !== undefined && <span className="min-w-0 text-sm break-all text-muted">{address}</span>}
            <span className="tabular ml-auto text-right text-xs text-muted">
              {afterMs > 0 && <span className="mr-2">+{formatDuration(afterMs)}</span>}
              <Time at={entry.at} />
              <Time at={entry.at} clock={clock === 'utc' ? 'local' : 'utc'} className="ml-2 max-sm:hidden" />
            </span>
          </div>
          {story.facts.length > 0 && (
            <dl className="mt-1 grid grid-cols-[5rem_minmax(0,1fr)] gap-x-3 gap-y-0.5 text-sm">
              {story.facts.map((fact) => (
                <div key={fact.name} className="contents">
                  <dt className="text-muted">{fact.name}</dt>
                  <dd className={cx('break-words', fact.code && 'font-mono text-xs leading-5')}>
                    {fact.value}
                  </dd>
                </div>
              ))}
            </dl>
          )}
          {story.sentAgainAs !== undefined && (
            <p className="mt-1 text-sm">
              <Link to="/messages/$messageId" params={{ messageId: story.sentAgainAs }} className={linkLook}>
                The new message
              </Link>
            </p>
          )}
          {story.dialogue.length > 0 && <Dialogue lines={story.dialogue} />}
          {story.nextAttemptAt !== undefined && (
            <p className="mt-1 text-sm text-warn">
              Tried again at <Time at={story.nextAttemptAt} />.
            </p>
          )}
        </div>
      </div>
    </li>
  )
}
