import type { Domain } from '@bulkhead/sdk'
import { Chip, type Tone } from '../../ui/chip.tsx'
import type { DnsRecord } from './domain-records.ts'

const DOMAIN_TONES: Readonly<Record<Domain['state'], Tone>> = {
  pending: 'warn',
  verified: 'ok',
  failing: 'bad',
}
const DOMAIN_WORDS: Readonly<Record<Domain['state'], string>> = {
  pending: 'waits for DNS',
  verified: 'verified',
  failing: 'records gone',
}

export function DomainChip({ domain }: { readonly domain: Domain }) {
  const isDoubtful = domain.state === 'verified' && domain.failingSince !== null
  return (
    <span className="inline-flex flex-wrap gap-1">
      <Chip tone={isDoubtful ? 'warn' : DOMAIN_TONES[domain.state]}>
        {isDoubtful ? 'verified, records vanished' : DOMAIN_WORDS[domain.state]}
      </Chip>
      {domain.inertUntil !== null && <Chip tone="warn">mail held, it is new</Chip>}
      {domain.rotation !== null && <Chip tone="info">{ROTATION_WORDS[domain.rotation.state]}</Chip>}
    </span>
  )
}

const ROTATION_WORDS: Readonly<Record<NonNullable<Domain['rotation']>['state'], string>> = {
  waiting: 'new keys wait for DNS',
  retiring: 'keys changed',
  removable: 'old records may go',
}

const RECORD_TONES: Readonly<Record<DnsRecord['state'], Tone>> = {
  pending: 'neutral',
  ok: 'ok',
  wrong: 'bad',
  missing: 'warn',
  unknown: 'neutral',
}
const RECORD_WORDS: Readonly<Record<DnsRecord['state'], string>> = {
  pending: 'not looked for yet',
  ok: 'found',
  wrong: 'wrong',
  missing: 'missing',
  unknown: 'no answer',
}

export function RecordChip({ record }: { readonly record: DnsRecord }) {
  const tone = record.state === 'missing' && !isWanted(record) ? 'neutral' : RECORD_TONES[record.state]
  return <Chip tone={tone}>{RECORD_WORDS[record.state]}</Chip>
}

function isWanted({ required, dkim }: DnsRecord): boolean {
  return required || dkim?.state === 'pending'
}

/** What a record is called, and what it is good for in one sentence. */
export function recordWords({ purpose, dkim }: DnsRecord): { readonly name: string; readonly says: string } {
  switch (purpose) {
    case 'dkim':
      return {
        name: 'DKIM',
        says:
          dkim?.state === 'pending'
            ? 'The new key. It signs as soon as this is found.'
            : 'Receivers check the signature of your mail with this key.',
      }
    case 'dkim-standby':
      return {
        name: 'DKIM, standby key',
        says: 'It takes over at once should the key that signs fall into wrong hands.',
      }
    case 'dkim-ed25519':
      return {
        name: 'DKIM, Ed25519',
        says: 'A second, shorter signature for receivers that know it. Mail goes out without it, too.',
      }
    case 'return-path':
      return {
        name: 'Return path',
        says: 'Bounces come back here, and SPF passes for your own domain.',
      }
    case 'dmarc':
      return {
        name: 'DMARC',
        says: 'Tells receivers what to do with mail in your name that is not signed; large providers want one.',
      }
  }
}

/** Words that people meet when they set up a domain. */
export const GLOSSARY: readonly (readonly [word: string, says: string])[] = [
  [
    'DKIM',
    'A signature in each mail. It proves that the mail is yours and that nobody changed it on the way.',
  ],
  [
    'SPF',
    'A list of the servers that may send for the envelope address, where bounces go. With a return path it is ours to publish; without one, allow your sending hosts or your relay in the domain of From.',
  ],
  [
    'DMARC',
    'Ties both to the address that people see, and says what happens to mail that fails. Begin with p=none, read the reports, then raise it.',
  ],
  ['Return path', 'The address where bounces come back, as a name under your own domain.'],
  [
    'MTA-STS',
    'Makes others deliver mail TO your domain encrypted. It is not needed to send; mail that you send already honours the policies of its receivers.',
  ],
  [
    'TLS-RPT',
    'Has others report to you when encryption failed on the way TO your domain. Not needed to send.',
  ],
]
