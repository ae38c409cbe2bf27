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
  /** What passed between the two servers, in order; empty where nothing is on record. */
  readonly dialogue: readonly DialogueLine[]
  /** The message as which this one was sent again. */
  readonly sentAgainAs: string | undefined
}

export interface DialogueLine {
  /** Since the connection was begun; undefined where the line does not say. */
  readonly afterMs: string | undefined
  readonly text: string
}

/** What a timeline entry says to a person. What it does not know is shown by its own name: nothing is hidden. */
export function storyOf({ type, detail }: TimelineEntry): Story {
  const { title, tone } = HEADS[type] ?? { title: type, tone: 'neutral' }
  const known = [
    fact('Came', cameOf(detail)),
    fact('Reply', replyOf(detail), true),
    fact('Why', textOf(detail['reason'] ?? detail['cause'])),
    fact('Class', classOf(detail)),
    fact('Leads to', textOf(detail['url'])),
    fact('By', byOf(detail)),
    fact('Kind', textOf(detail['feedbackType'])),
    fact('Told by', textOf(detail['reportedBy'] ?? detail['reporter'])),
    fact('Report', textOf(detail['report']), true),
    fact('Act', textOf(detail['act']), true),
    fact('Host', hostOf(detail), !isLocal(detail)),
    fact('Site', isLocal(detail) ? undefined : textOf(detail['site']), true),
    fact('Provider', textOf(detail['provider'])),
    fact('From', sourceOf(detail)),
    fact('TLS', tlsOf(detail)),
    fact('Took', typeof detail['durationMs'] === 'number' ? formatDuration(detail['durationMs']) : undefined),
    fact('Stage', STAGES[String(detail['stage'])] ?? textOf(detail['stage'])),
    fact('Attempt', textOf(detail['attempt'])),
    fact('To', typeof detail['as'] === 'string' ? recipientsText(detail['recipients']) : undefined),
  ].filter((one) => one !== undefined)
  const others = Object.entries(detail)
    .filter(([name]) => !KNOWN.has(name))
    .map(([name, value]) => fact(name, textOf(value)))
    .filter((one) => one !== undefined)
  return {
    title: detail['undone'] === true ? `${title}, taken back` : title,
    tone,
    facts: [...known, ...others],
    nextAttemptAt: textOf(detail['nextAttemptAt']),
    dialogue: dialogueOf(detail['transcript']),
    sentAgainAs: type === 'message.resent' ? textOf(detail['as']) : undefined,
  }
}

function recipientsText(count: unknown): string | undefined {
  return typeof count === 'number' ? `${count} ${count === 1 ? 'recipient' : 'recipients'}` : undefined
}

/** What came through a door of ours has no host yet; `source` of an attempt is the address it left from. */
function cameOf({ source, host }: TimelineEntry['detail']): string | undefined {
  return typeof source === 'string' && host === undefined ? sourceText(source) : undefined
}

/** The source of an attempt; a host without sources of its own has one only, which tells nothing. */
function sourceOf({ source, host }: TimelineEntry['detail']): string | undefined {
  return host === undefined || source === 'default' ? undefined : textOf(source)
}

/** Who is to blame, and by which rule. */
function classOf(detail: TimelineEntry['detail']): string | undefined {
  const rule = textOf(detail['rule'])
  const name = textOf(detail['class'])
  if (name === undefined) return undefined
  return `${name}${detail['permanent'] === false ? ', may pass' : ''}${rule === undefined ? '' : ` (rule ${rule})`}`
}

/** Who fetched or acted, or how somebody unsubscribed. */
function byOf(detail: TimelineEntry['detail']): string | undefined {
  const because = Array.isArray(detail['because']) ? ` (${detail['because'].map(String).join(', ')})` : ''
  const by = textOf(detail['by'])
  return by === undefined ? (VIA[String(detail['via'])] ?? textOf(detail['via'])) : `${by}${because}`
}

const VIA: Readonly<Record<string, string>> = {
  'one-click': 'the button of a mail program',
  page: 'the page that the link opens',
  mail: 'a mail to the address in List-Unsubscribe',
}

/** Lines such as `+12 S: 250-mx / 250 SIZE 1`: a reply of several lines is several lines again. */
function dialogueOf(transcript: unknown): readonly DialogueLine[] {
  if (!Array.isArray(transcript)) return []
  return transcript
    .filter((line) => typeof line === 'string')
    .flatMap((line) => {
      const [, afterMs, said = line] = /^\+(\d+) ([^]*)$/.exec(line) ?? []
      const [text = '', ...more] = said.split(/ \/ (?=\d{3}[ -])/)
      return [{ afterMs, text }, ...more.map((rest) => ({ afterMs: undefined, text: `   ${rest}` }))]
    })
}

const SOURCES: Readonly<Record<string, string>> = {
  api: 'through the API',
  batch: 'through the API, in a batch',
  mime: 'through the API, as MIME',
  smtp: 'through SMTP',
  dsn: 'as a report to a submitter',
  resend: 'as an earlier message once more',
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
  'message.returned': { title: 'Came back', tone: 'bad' },
  'message.complained': { title: 'Reported as spam', tone: 'bad' },
  'message.opened': { title: 'Opened', tone: 'ok' },
  'message.clicked': { title: 'Clicked', tone: 'ok' },
  'message.unsubscribed': { title: 'Unsubscribed', tone: 'warn' },
  'message.resent': { title: 'Sent again', tone: 'accent' },
  'message.bypassed': { title: 'Not stopped by suppressions', tone: 'warn' },
  'message.uncertain': { title: 'No answer after the last byte', tone: 'warn' },
}

const STAGES: Readonly<Record<string, string>> = {
  mail: 'MAIL FROM',
  rcpt: 'RCPT TO',
  data: 'DATA',
  dot: 'end of data',
  dns: 'DNS',
  queue: 'in the queue',
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
  'rule',
  'permanent',
  'format',
  'report',
  'reportedBy',
  'reporter',
  'feedbackType',
  'by',
  'because',
  'via',
  'undone',
  'url',
  'link',
  'act',
  'provider',
  'site',
  'transcript',
  'as',
  'recipients',
])

function fact(name: string, value: string | undefined, code = false): Fact | undefined {
  return value === undefined ? undefined : { name, value, code }
}

function replyOf(detail: TimelineEntry['detail']): string | undefined {
  const code = textOf(detail['code'])
  const enhanced = textOf(detail['enhanced'])
  const reply = textOf(detail['reply'])
  // A report quotes the reply with its codes.
  const quoted = reply?.split(' ').slice(0, 2) ?? []
  const head = [code, enhanced].filter((part) => part !== undefined && !quoted.includes(part))
  const text = [...head, reply].filter((part) => part !== undefined).join(' ')
  return text === '' ? undefined : text
}

function hostOf(detail: TimelineEntry['detail']): string | undefined {
  const host = textOf(detail['host'])
  const address = textOf(detail['address'])
  // Events of earlier versions have the path of a socket in place of a name.
  if (isLocal(detail))
    return host === 'simulator' || host?.endsWith('/simulator.sock') === true
      ? 'the simulator: nothing left this host'
      : 'the local inbox: captured, nothing left this host'
  if (host === undefined || address === undefined || host === address) return host ?? address
  return `${host} (${address})`
}

function isLocal(detail: TimelineEntry['detail']): boolean {
  const host = textOf(detail['host'])
  return host !== undefined && (host === 'simulator' || host === 'local inbox' || host.startsWith('/'))
}

function tlsOf(detail: TimelineEntry['detail']): string | undefined {
  const tls = detail['tls']
  if (isLocal(detail)) return undefined
  if (tls === null) return 'none: sent in clear text'
  if (typeof tls !== 'object') return textOf(tls)
  const protocol = 'protocol' in tls ? textOf(tls.protocol) : undefined
  const cipher = 'cipher' in tls ? textOf(tls.cipher) : undefined
  const proof = 'authenticated' in tls ? textOf(tls.authenticated) : undefined
  const proved = proof === undefined || proof === 'none' ? undefined : `proved by ${proof}`
  return [protocol, cipher, proved].filter((part) => part !== undefined).join(', ') || undefined
}

function textOf(value: unknown): string | undefined {
  if (value === undefined || value === null || value === '') return undefined
  return typeof value === 'string' ? value : JSON.stringify(value)
}
