import { useState } from 'react'
import type { Message, TimelineEntry } from '../../api/types.ts'
import { formatCount, formatDuration } from '../../format.ts'
import { Button } from '../../ui/button.tsx'
import type { Tone } from '../../ui/chip.tsx'
import { cx } from '../../ui/cx.ts'
import { Time } from '../../ui/time.tsx'
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

/** Everything that happened, in order, each with the time since acceptance. */
export function MessageTimeline({ message }: { readonly message: Message }) {
  const addresses = new Map(message.recipients.map((recipient) => [recipient.number, recipient.email]))
  const startedMs = Date.parse(message.createdAt)
  const [all, setAll] = useState(false)
  const entries = all ? message.timeline : message.timeline.slice(0, SHOWN_AT_FIRST)
  const more = message.timeline.length - entries.length
  return (
    <section aria-labelledby="timeline">
      <h2 id="timeline" className="mb-2 text-base font-semibold">
        Timeline
      </h2>
      <ol className="rounded-lg border border-line bg-surface px-3 py-1 sm:px-4">
        {entries.map((entry) => (
          <Entry
            key={entry.id}
            entry={entry}
            address={
              entry.recipient === null
                ? undefined
                : (addresses.get(entry.recipient) ?? `recipient ${entry.recipient}`)
            }
            afterMs={Date.parse(entry.at) - startedMs}
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

function Entry({
  entry,
  address,
  afterMs,
}: {
  readonly entry: TimelineEntry
  readonly address: string | undefined
  readonly afterMs: number
}) {
  const story = storyOf(entry)
  return (
    <li className="group relative flex gap-3 pb-4 last:pb-2">
      <span
        aria-hidden="true"
        className="absolute top-6 bottom-0 left-[5px] w-0.5 bg-line group-last:hidden"
      />
      <span aria-hidden="true" className={cx('z-1 mt-3 size-3 shrink-0 rounded-full', DOTS[story.tone])} />
      <div className="min-w-0 flex-1 pt-2">
        <div className="flex flex-wrap items-baseline gap-x-2">
          <h3 className="font-semibold">{story.title}</h3>
          {address !== undefined && <span className="min-w-0 text-sm break-all text-muted">{address}</span>}
          <span className="tabular ml-auto text-xs text-muted">
            {afterMs > 0 && <span className="mr-2">+{formatDuration(afterMs)}</span>}
            <Time at={entry.at} />
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
        {story.nextAttemptAt !== undefined && (
          <p className="mt-1 text-sm text-warn">
            Tried again at <Time at={story.nextAttemptAt} />.
          </p>
        )}
      </div>
    </li>
  )
}
