import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useSession } from '../../session/session.ts'
import { Confirm } from '../../ui/confirm.tsx'
import { Field, Select } from '../../ui/field.tsx'
import type { Source } from './source-panel.tsx'

const HOURS = [
  [0, 'until it is resumed'],
  [4, 'for 4 hours'],
  [24, 'for a day'],
  [72, 'for 3 days'],
  [168, 'for a week'],
] as const

/** Asks where, how long and why a source is to rest. */
export function PauseSource({ source, onClose }: { readonly source: Source; readonly onClose: () => void }) {
  const { api } = useSession()
  const client = useQueryClient()
  const [provider, setProvider] = useState('')
  const [hours, setHours] = useState(0)
  return (
    <Confirm
      title={`Pause ${source.name}`}
      action="Pause"
      reason="required"
      onConfirm={async (reason) => {
        await api.sources.pause(source.name, {
          reason,
          ...(provider.trim() === '' ? {} : { provider: provider.trim().toLowerCase() }),
          ...(hours === 0 ? {} : { until: new Date(Date.now() + hours * 3_600_000).toISOString() }),
        })
        await client.invalidateQueries({ queryKey: ['sources'] })
      }}
      onClose={onClose}
    >
      <p className="mb-4">
        Mail leaves from the other sources of its pools, or waits where there are none. Senders hear of it
        within two seconds. A warm-up goes on at the step where it was.
      </p>
      <div className="text-ink">
        <Field
          label="At one provider"
          name="provider"
          value={provider}
          onChange={(event) => setProvider(event.target.value)}
          placeholder="everywhere"
          list="source-providers"
        />
        <datalist id="source-providers">
          {source.warmUps.map((warmUp) => (
            <option key={warmUp.provider} value={warmUp.provider} />
          ))}
        </datalist>
        <Select
          label="How long"
          value={String(hours)}
          onChange={(event) => setHours(Number(event.target.value))}
        >
          {HOURS.map(([value, words]) => (
            <option key={value} value={String(value)}>
              {words}
            </option>
          ))}
        </Select>
      </div>
    </Confirm>
  )
}

/** Ends rests of a source, all of them or those at one provider. */
export function ResumeSource({ source, onClose }: { readonly source: Source; readonly onClose: () => void }) {
  const { api } = useSession()
  const client = useQueryClient()
  const places = [
    ...new Set(source.pauses.flatMap((pause) => (pause.provider === null ? [] : [pause.provider]))),
  ]
  const [provider, setProvider] = useState('')
  return (
    <Confirm
      title={`Resume ${source.name}`}
      action="Resume"
      onConfirm={async () => {
        await api.sources.resume(source.name, provider === '' ? {} : { provider })
        await client.invalidateQueries({ queryKey: ['sources'] })
      }}
      onClose={onClose}
    >
      <p className="mb-4">
        It sends again within two seconds. After a rest that it took by itself, the warm-up goes on one
        day&apos;s step before.
      </p>
      {places.length > 0 && (
        <div className="text-ink">
          <Select label="Which rests" value={provider} onChange={(event) => setProvider(event.target.value)}>
            <option value="">all of them</option>
            {places.map((place) => (
              <option key={place} value={place}>
                at {place}
              </option>
            ))}
          </Select>
        </div>
      )}
    </Confirm>
  )
}
