import type { TimelineEntry } from '../../api/types.ts'
import { formatDuration } from '../../format.ts'
import type { Tone } from '../../ui/chip.tsx'

export interface Fact {
  readonly name: string
  readonly value: string
  /** Shown in a fixed-width face: replies, hosts. */
  readonly code: boolean
}

export interface Story {
  readonly title: string
  readonly tone: Tone
  readonly facts: readonly Fact[]
  /** When it is tried again. */
  readonly nextAttemptAt: string | undefined
}

/** What a timeline entry says to a person. What it does not know is shown by its own name: nothing is hidden. */
export function storyOf({ type, detail }: TimelineEntry): Story {
  const { title, tone } = HEADS[type] ?? { title: type, tone: 'neutral' }
  const known = [
    fact('Came', typeof detail['source'] === 'string' ? sourceText(detail['source']) : undefined),
    fact('Reply', replyOf(detail), true),
    fact('Why', textOf(detail['reason'] ?? detail['cause'])),
    fact('Class', textOf(detail['class'])),
    fact('Host', hostOf(detail), !isLocal(detail)),
    fact('TLS', tlsOf(detail)),
    fact('Took', typeof detail['durationMs'] === 'number' ? formatDuration(detail['durationMs']) : undefined),
    fact('Stage', STAGES[String(detail['stage'])] ?? textOf(detail['stage'])),
    fact('Attempt', textOf(detail['attempt'])),
  ].filter((one) => one !== undefined)
  const others = Object.entries(detail)
    .filter(([name]) => !KNOWN.has(name))
    .map(([name, value]) => fact(name, textOf(value)))
    .filter((one) => one !== undefined)
  return { title, tone, facts: [...known, ...others], nextAttemptAt: textOf(detail['nextAttemptAt']) }
}

const SOURCES: Readonly<Record<string, string>> = {
  api: 'through the API',
  batch: 'through the API, in a batch',
  mime: 'through the API, as MIME',
  smtp: 'through SMTP',
}

/** The door through which a message came. */
export function sourceText(source: string): string {
  return SOURCES[source] ?? source
}

const HEADS: Readonly<Record<string, { readonly title: string; readonly tone: Tone }>> = {
  'message.accepted': { title: 'Accepted', tone: 'accent' },
  'message.deferred': { title: 'Deferred', tone: 'warn' },
  'message.delivered': { title: 'Delivered', tone: 'ok' },
  'message.bounced': { title: 'Bounced', tone: 'bad' },
  'message.expired': { title: 'Expired', tone: 'bad' },
  'message.suppressed': { title: 'Suppressed', tone: 'warn' },
  'message.cancelled': { title: 'Cancelled', tone: 'neutral' },
  'message.rescheduled': { title: 'Rescheduled', tone: 'info' },
  'message.held': { title: 'Held', tone: 'warn' },
  'message.released': { title: 'Released', tone: 'info' },
  'message.uncertain': { title: 'No answer after the last byte', tone: 'warn' },
}

const STAGES: Readonly<Record<string, string>> = {
  mail: 'MAIL FROM',
  rcpt: 'RCPT TO',
  data: 'DATA',
  dot: 'end of data',
  dns: 'DNS',
}

const KNOWN: ReadonlySet<string> = new Set([
  'source',
  'lane',
  'code',
  'enhanced',
  'reply',
  'reason',
  'cause',
  'class',
  'host',
  'address',
  'tls',
  'durationMs',
  'stage',
  'attempt',
  'attempts',
  'nextAttemptAt',
])

function fact(name: string, value: string | undefined, code = false): Fact | undefined {
  return value === undefined ? undefined : { name, value, code }
}

function replyOf(detail: TimelineEntry['detail']): string | undefined {
  const code = textOf(detail['code'])
  const enhanced = textOf(detail['enhanced'])
  const reply = textOf(detail['reply'])
  const head = [code, enhanced !== undefined && reply?.startsWith(enhanced) !== true ? enhanced : undefined]
  const text = [...head, reply].filter((part) => part !== undefined).join(' ')
  return text === '' ? undefined : text
}

function hostOf(detail: TimelineEntry['detail']): string | undefined {
  const host = textOf(detail['host'])
  const address = textOf(detail['address'])
  // The capture of development listens on a socket file.
  if (isLocal(detail)) return 'the local inbox: captured, nothing left this host'
  if (host === undefined || address === undefined || host === address) return host ?? address
  return `${host} (${address})`
}

function isLocal(detail: TimelineEntry['detail']): boolean {
  return typeof detail['host'] === 'string' && detail['host'].startsWith('/')
}

function tlsOf(detail: TimelineEntry['detail']): string | undefined {
  const tls = detail['tls']
  if (isLocal(detail)) return undefined
  if (tls === null) return 'none: sent in clear text'
  if (typeof tls !== 'object') return textOf(tls)
  const protocol = 'protocol' in tls ? textOf(tls.protocol) : undefined
  const cipher = 'cipher' in tls ? textOf(tls.cipher) : undefined
  return [protocol, cipher].filter((part) => part !== undefined).join(', ') || undefined
}

function textOf(value: unknown): string | undefined {
  if (value === undefined || value === null || value === '') return undefined
  return typeof value === 'string' ? value : JSON.stringify(value)
}
