import type { TrackingSettings } from '@bulkhead/sdk'
import { useQuery } from '@tanstack/react-query'
import { useId, useState } from 'react'
import { useSession } from '../../session/session.ts'
import { Check } from '../../ui/check.tsx'
import { Loaded } from '../../ui/listing.tsx'
import { Panel } from '../../ui/panel.tsx'
import { useAllowed } from '../../ui/use-allowed.ts'
import { useAct } from '../../ui/use-mutation-act.ts'
import { trackingQueries } from './tracking-queries.ts'

type Mode = TrackingSettings['opens']
type Wanted = Partial<TrackingSettings>

const MODES: readonly { readonly mode: Mode; readonly label: string; readonly says: string }[] = [
  { mode: 'off', label: 'Off', says: 'Not tracked, unless a message asks for it.' },
  { mode: 'on', label: 'On', says: 'Tracked, unless a message says no.' },
  { mode: 'never', label: 'Never', says: 'Not tracked, and a message that asks is refused.' },
]

/** What is tracked of new mail; a choice holds at once. */
export function TrackingChoices() {
  const { api } = useSession()
  const query = useQuery(trackingQueries.settings(api))
  const mayNot = useAllowed('domains:write', 'write')
  // What was chosen is shown at once, and taken back where the server says no.
  const [wanted, setWanted] = useState<Wanted>()
  const change = useAct((choice: Wanted) => api.tracking.update(choice), {
    done: 'It holds for new mail.',
    refresh: ['tracking'],
  })
  const choose = async (choice: Wanted): Promise<void> => {
    setWanted(choice)
    await change.run(choice)
    setWanted(undefined)
  }
  return (
    <Panel title="What is tracked" lead="Of new mail. Mail with secrets, such as codes, is never tracked.">
      <Loaded query={query} label="what is tracked" rows={2}>
        {(settings) => (
          <div className="flex flex-col gap-5 p-4">
            {change.failure !== undefined && (
              <p role="alert" className="text-sm text-bad">
                {change.failure}
              </p>
            )}
            <ModeChoice
              legend="Opens"
              about="A transparent picture of one point at the end of the HTML. Many programs fetch it without anybody looking, and many people block it: opens are a rough sign, not a count of readers."
              chosen={wanted?.opens ?? settings.opens}
              mayNot={mayNot}
              isBusy={change.isBusy}
              onChoose={(opens) => void choose({ opens })}
            />
            <ModeChoice
              legend="Clicks"
              about="Links in the HTML lead over this installation. Links of the text part, links that show an address, and links that unsubscribe stay as they are."
              chosen={wanted?.clicks ?? settings.clicks}
              mayNot={mayNot}
              isBusy={change.isBusy}
              onChoose={(clicks) => void choose({ clicks })}
            />
            <Check
              label="In the lane critical, too"
              hint="Password resets and alarms are in that lane. “On” above leaves it out unless this is set."
              checked={wanted?.critical ?? settings.critical}
              disabled={change.isBusy}
              disabledReason={mayNot}
              onChange={(critical) => void choose({ critical })}
            />
          </div>
        )}
      </Loaded>
    </Panel>
  )
}

function ModeChoice({
  legend,
  about,
  chosen,
  mayNot,
  isBusy,
  onChoose,
}: {
  readonly legend: string
  readonly about: string
  readonly chosen: Mode
  readonly mayNot: string | undefined
  readonly isBusy: boolean
  readonly onChoose: (mode: Mode) => void
}) {
  const id = useId()
  return (
    <fieldset title={mayNot} aria-describedby={`${id}-about`}>
      <legend className="text-sm font-medium">{legend}</legend>
      <p id={`${id}-about`} className="mb-2 max-w-prose text-xs text-muted">
        {about}
      </p>
      <div className="grid gap-2 sm:grid-cols-3">
        {MODES.map(({ mode, label, says }) => (
          <label
            key={mode}
            className="flex items-start gap-2.5 rounded-md border border-line px-3 py-2 has-checked:border-accent has-checked:bg-accent-soft has-focus-visible:outline-2 has-focus-visible:outline-accent"
          >
            <input
              type="radio"
              name={id}
              value={mode}
              checked={chosen === mode}
              disabled={mayNot !== undefined || isBusy}
              onChange={() => onChoose(mode)}
              className="mt-0.5 size-4 accent-accent"
            />
            <span className="min-w-0">
              <span className="block text-sm font-medium">{label}</span>
              <span className="block text-xs text-muted">{says}</span>
            </span>
          </label>
        ))}
      </div>
    </fieldset>
  )
}
