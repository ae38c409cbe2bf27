import { CHOICES, type ContainmentsCreateInput } from '@bulkhead/sdk'

export type Capability = ContainmentsCreateInput['capabilities'][number]
export type ReasonCode = NonNullable<ContainmentsCreateInput['reasonCode']>

export const REASON_CODES = CHOICES['containments.create'].reasonCode

/** What is cut off and what goes on (docs/containment.md). */
export const CAPABILITY_WORDS: readonly {
  readonly name: Capability
  readonly label: string
  readonly off: string
  readonly on: string
}[] = [
  {
    name: 'send',
    label: 'Sending',
    off: 'No mail is accepted, by API and SMTP.',
    on: 'What was accepted goes out.',
  },
  {
    name: 'deliver',
    label: 'Delivery',
    off: 'Accepted mail waits untouched.',
    on: 'Mail is accepted; nothing is lost.',
  },
  {
    name: 'sender-change',
    label: 'Domains and senders',
    off: 'No domain, DKIM key or sender changes.',
    on: 'Those that are there work.',
  },
  {
    name: 'credential',
    label: 'Making credentials',
    off: 'No key, password or endpoint secret is made.',
    on: 'Those that are there work, and can be revoked.',
  },
  {
    name: 'write',
    label: 'Other changes',
    off: 'Suppressions, webhooks, cancelling, the inbox.',
    on: 'Reading.',
  },
  {
    name: 'webhook',
    label: 'Webhooks',
    off: 'No webhook is sent.',
    on: 'Events are kept and go out after the lift.',
  },
  {
    name: 'read',
    label: 'Reading',
    off: 'Nothing is read by API or console; live streams end.',
    on: 'Containments and the audit log stay readable.',
  },
]

export const LANES_OF = ['critical', 'transactional', 'bulk', 'internal'] as const

/** Everything but reading: whoever is cut off can still see why. */
export const ALL_BUT_READ: readonly Capability[] = CAPABILITY_WORDS.map(({ name }) => name).filter(
  (name) => name !== 'read',
)

export const REASON_WORDS: Readonly<Record<ReasonCode, string>> = {
  security_hold: 'Security: something looks hijacked',
  policy: 'Policy',
  billing: 'Billing',
  abuse: 'Abuse',
}

const LABELS = new Map<string, string>(CAPABILITY_WORDS.map(({ name, label }) => [name, label]))

/** `send:bulk` → "Sending of bulk". */
export function capabilityLabel(name: string): string {
  const [noun = '', lane] = name.split(':')
  const label = LABELS.get(noun) ?? noun
  return lane === undefined ? label : `${label} of ${lane}`
}
