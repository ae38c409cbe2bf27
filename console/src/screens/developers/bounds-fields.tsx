import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useAccess } from '../../session/access.ts'
import { useSession } from '../../session/session.ts'
import { wordsIn } from '../../words-in.ts'
import { Button } from '../../ui/button.tsx'
import { Field, Select } from '../../ui/field.tsx'
import { PlusIcon } from '../../ui/icons.tsx'
import { TextArea } from '../../ui/text-area.tsx'
import { developerQueries } from './developers-queries.ts'

/** What a form says of a credential's bounds. */
export interface Bounds {
  readonly networks: string
  readonly senders: string
  readonly expiry: Expiry
  /** A local time, where `expiry` is `on`. */
  readonly expiresOn: string
}

const EXPIRIES = {
  never: 'Never',
  '30': 'In 30 days',
  '90': 'In 90 days',
  '365': 'In a year',
  on: 'On a day …',
} as const
export type Expiry = keyof typeof EXPIRIES

export const NO_BOUNDS: Bounds = { networks: '', senders: '', expiry: 'never', expiresOn: '' }

/** As the API takes them. */
export function boundsInput(bounds: Bounds): {
  allowedCidrs: string[]
  allowedSenders: string[]
  expiresAt?: string
} {
  const expiresAt = expiryOf(bounds)
  return {
    allowedCidrs: wordsIn(bounds.networks),
    allowedSenders: wordsIn(bounds.senders),
    ...(expiresAt === undefined ? {} : { expiresAt }),
  }
}

function expiryOf({ expiry, expiresOn }: Bounds): string | undefined {
  if (expiry === 'never') return undefined
  if (expiry !== 'on') return new Date(Date.now() + Number(expiry) * 86_400_000).toISOString()
  const at = new Date(`${expiresOn}T23:59:59`)
  return Number.isNaN(at.getTime()) ? undefined : at.toISOString()
}

function withWord(text: string, word: string): string {
  return wordsIn(text).includes(word) ? text : [...wordsIn(text), word].join('\n')
}

/** From where a credential works, as whom it sends, until when: what every key should have as little of as it needs. */
export function BoundsFields({
  bounds,
  onChange,
}: {
  readonly bounds: Bounds
  readonly onChange: (bounds: Bounds) => void
}) {
  const { api } = useSession()
  const { client } = useAccess()
  const offered = useQuery(developerQueries.senders(api)).data
  const [today] = useState(() => new Date().toISOString().slice(0, 10))
  const own = client.address.includes(':') ? `${client.address}/128` : `${client.address}/32`
  const patterns = [...(offered?.domains ?? []).map((name) => `@${name}`), ...(offered?.senders ?? [])]
  return (
    <>
      <TextArea
        label="Networks it works from"
        name="networks"
        rows={2}
        placeholder="everywhere"
        value={bounds.networks}
        onChange={(event) => onChange({ ...bounds, networks: event.target.value })}
        hint="Such as 192.0.2.0/24, one on each line. From elsewhere it is refused as if it did not exist."
        className="font-mono"
      />
      <Offers
        label="Add a network"
        words={[own]}
        show={(word) => `Your address (${word})`}
        onAdd={(word) => onChange({ ...bounds, networks: withWord(bounds.networks, word) })}
      />
      <TextArea
        label="Senders it may use"
        name="senders"
        rows={2}
        placeholder="every sender of the workspace"
        value={bounds.senders}
        onChange={(event) => onChange({ ...bounds, senders: event.target.value })}
        hint="An address, or a domain as @example.com, one on each line."
        className="font-mono"
      />
      <Offers
        label="Add a sender"
        words={patterns.slice(0, 8)}
        show={(word) => word}
        onAdd={(word) => onChange({ ...bounds, senders: withWord(bounds.senders, word) })}
      />
      <div className="grid gap-x-4 sm:grid-cols-2">
        <div className="mb-4">
          <Select
            label="Expires"
            value={bounds.expiry}
            onChange={(event) => {
              const expiry = event.target.value
              if (isExpiry(expiry)) onChange({ ...bounds, expiry })
            }}
          >
            {Object.entries(EXPIRIES).map(([value, words]) => (
              <option key={value} value={value}>
                {words}
              </option>
            ))}
          </Select>
        </div>
        {bounds.expiry === 'on' && (
          <Field
            label="Last day"
            name="expiresOn"
            type="date"
            required
            min={today}
            value={bounds.expiresOn}
            onChange={(event) => onChange({ ...bounds, expiresOn: event.target.value })}
          />
        )}
      </div>
    </>
  )
}

function isExpiry(text: string): text is Expiry {
  return Object.hasOwn(EXPIRIES, text)
}

function Offers({
  label,
  words,
  show,
  onAdd,
}: {
  readonly label: string
  readonly words: readonly string[]
  readonly show: (word: string) => string
  readonly onAdd: (word: string) => void
}) {
  if (words.length === 0) return null
  return (
    <div role="group" aria-label={label} className="-mt-2 mb-4 flex flex-wrap gap-1.5">
      {words.map((word) => (
        <Button key={word} onClick={() => onAdd(word)} className="h-7 px-2 text-xs">
          <PlusIcon className="size-3" />
          {show(word)}
        </Button>
      ))}
    </div>
  )
}
