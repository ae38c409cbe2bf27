import type { Member } from '@bulkhead/sdk'
import { Chip, type Tone } from '../../ui/chip.tsx'
import { Time } from '../../ui/time.tsx'
import { factorsInWords, standingOf } from './people-words.ts'

const TONES: Readonly<Record<string, Tone>> = { owner: 'accent', admin: 'info' }

/** The role, or the permission set that stands in its place. */
export function Standing({ member }: { readonly member: Pick<Member, 'role' | 'permissionSet'> }) {
  return (
    <Chip
      tone={TONES[member.role ?? ''] ?? 'neutral'}
      {...(member.role === null ? { title: 'A permission set' } : {})}
    >
      {standingOf(member)}
    </Chip>
  )
}

/** What the member signs in with besides a password. None is worth a warning: such a person opens nothing that demands one. */
export function FactorsOf({ member }: { readonly member: Pick<Member, 'factors'> }) {
  const words = factorsInWords(member.factors)
  return words === '' ? <Chip tone="warn">none</Chip> : <>{words}</>
}

export function Seen({ at }: { readonly at: string | null }) {
  return at === null ? <span className="text-muted">never</span> : <Time at={at} />
}
