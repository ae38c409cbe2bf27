import { useState, type FormEvent } from 'react'
import { inputTime } from '../../format.ts'
import type { Clock } from '../../ui/clock.tsx'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { Field } from '../../ui/field.tsx'
import { Tabs } from '../../ui/tabs.tsx'

const DAY_MS = 86_400_000

/** Asks for a time of one's own, in the reader's clock or in UTC. Answers instants in UTC; undefined where a side is open. */
export function TimeRange({
  since,
  until,
  clock,
  onChoose,
  onClose,
}: {
  readonly since: string | undefined
  readonly until: string | undefined
  readonly clock: Clock
  readonly onChoose: (since: string | undefined, until: string | undefined) => void
  readonly onClose: () => void
}) {
  const [zone, setZone] = useState(clock)
  const [from, setFrom] = useState(() => textOf(since ?? new Date(Date.now() - DAY_MS).toISOString(), zone))
  const [to, setTo] = useState(() => (until === undefined ? '' : textOf(until, zone)))
  const [start, end] = [instantOf(from, zone), instantOf(to, zone)]
  const isTurned = start !== undefined && end !== undefined && start >= end
  const change = (next: Clock): void => {
    setZone(next)
    setFrom(start === undefined ? '' : textOf(start, next))
    setTo(end === undefined ? '' : textOf(end, next))
  }
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    if (isTurned) return
    onChoose(start, end)
    onClose()
  }
  return (
    <Dialog title="Messages accepted between" onClose={onClose}>
      <form onSubmit={submit}>
        <div className="mb-3 border-b border-line">
          <Tabs
            label="Clock"
            idPrefix="zone"
            tabs={[
              { name: 'local', label: `Local (${Intl.DateTimeFormat().resolvedOptions().timeZone})` },
              { name: 'utc', label: 'UTC' },
            ]}
            chosen={zone}
            onChoose={change}
          />
        </div>
        <div id="zone-panel" role="tabpanel" aria-labelledby={`zone-tab-${zone}`}>
          <Field
            label="From"
            name="since"
            type="datetime-local"
            value={from}
            onChange={(event) => setFrom(event.target.value)}
          />
          <Field
            label="To"
            name="until"
            type="datetime-local"
            value={to}
            onChange={(event) => setTo(event.target.value)}
            hint="Empty: until now."
            problem={isTurned ? 'It is not after the begin.' : undefined}
          />
        </div>
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Cancel</Button>
          <Button
            type="submit"
            look="main"
            disabledReason={isTurned ? 'The end is not after the begin.' : undefined}
          >
            Show these
          </Button>
        </div>
      </form>
    </Dialog>
  )
}

function textOf(instant: string, zone: Clock): string {
  return zone === 'utc' ? instant.slice(0, 16) : inputTime(new Date(instant))
}

function instantOf(text: string, zone: Clock): string | undefined {
  const ms = Date.parse(zone === 'utc' ? `${text}Z` : text)
  return Number.isNaN(ms) ? undefined : new Date(ms).toISOString()
}
