import type { Broadcast } from '@bulkhead/sdk'
import { formatCount } from '../../format.ts'
import { Chip, type Tone } from '../../ui/chip.tsx'

const TONES: Readonly<Record<Broadcast['state'], Tone>> = {
  draft: 'neutral',
  scheduled: 'info',
  queued: 'info',
  sending: 'info',
  sent: 'ok',
  cancelled: 'neutral',
  failed: 'bad',
}

const WAITS: Readonly<Record<string, string>> = {
  contained: 'Sending is contained; it goes on by itself when that is lifted.',
  limit: 'A limit is reached; it goes on by itself when there is room.',
  keyring: 'The keyring has opened enough for now; it goes on within a quarter of an hour.',
  unavailable: 'Something that it needs does not answer; it goes on by itself.',
}

export function BroadcastState({ broadcast }: { readonly broadcast: Broadcast }) {
  const { state, waitsFor } = broadcast
  return (
    <span className="inline-flex flex-wrap gap-1">
      <Chip tone={TONES[state]}>{state}</Chip>
      {waitsFor !== null && (
        <Chip tone="warn" title={waitsInWords(waitsFor)}>
          waits: {waitsFor}
        </Chip>
      )}
    </span>
  )
}

/** Why it does not go on at the moment. */
export function waitsInWords(waitsFor: string): string {
  return WAITS[waitsFor] ?? `It waits: ${waitsFor}. It goes on by itself.`
}

/** How many of how many have a mail; a draft has no audience yet. */
export function progressInWords({ progress }: Broadcast): string {
  if (progress.total === 0) return '–'
  return `${formatCount(progress.sent)} of ${formatCount(progress.total)}`
}
