import { clock, duration } from './instants.ts'

type Detail = Readonly<Record<string, unknown>>

/** What an event says to a person: the words of the other side first, then what was made of them. */
export interface Story {
  /** The reply as it came, with its codes once; empty where nobody replied. */
  readonly reply: string
  /** Why, where, and what comes next: each a clause of its own. */
  readonly clauses: readonly string[]
}

/** What is told in a clause of its own, or only in --json: the story is for people. */
const TOLD = new Set(
  `reply code enhanced class reason rule cause permanent host address provider site source lane tls durationMs attempt
  nextAttemptAt by because via undone url link report reportedBy reporter feedbackType act stage attempts transcript format`.split(
    /\s+/,
  ),
)

/** The source of a host without sources of its own: nothing to tell. */
const ONLY_SOURCE = 'default'

/** The details of an event in words. What this does not know is shown by its own name, so that nothing is hidden. */
export function storyOf(detail: Detail): Story {
  const others = Object.entries(detail)
    .filter(([name, value]) => !TOLD.has(name) && isSaid(value))
    .map(([name, value]) => `${name}: ${plain(value)}`)
  const clauses = [
    ...whyOf(detail),
    ...whoOf(detail),
    ...reportOf(detail),
    ...whereOf(detail),
    ...others,
    ...nextOf(detail),
  ]
  return { reply: replyOf(detail), clauses }
}

/** The dialogue of an attempt with milliseconds before each line, the lines of a long reply under each other; empty where none was kept. */
export function dialogueOf(detail: Detail): readonly string[] {
  const { transcript } = detail
  if (!Array.isArray(transcript)) return []
  return transcript
    .filter((line) => typeof line === 'string')
    .flatMap((line) => {
      const [, ms, said] = /^\+(\d+) ([^]*)$/.exec(line) ?? [undefined, '', line]
      const [first, ...more] = (said ?? '').split(/ \/ (?=\d{3}[ -])/)
      return [
        `${(ms ?? '').padStart(6)}  ${first ?? ''}`,
        ...more.map((next) => `${' '.repeat(6)}     ${next}`),
      ]
    })
}

function replyOf({ code, enhanced, reply }: Detail): string {
  const said = typeof reply === 'string' ? reply : ''
  // Reports of others quote the reply with its codes.
  const codes = [code, enhanced].filter(isSaid).map(plain)
  return [
    ...codes.filter((part) => !said.split(' ').slice(0, 2).join(' ').includes(part)),
    ...(said === '' ? [] : [said]),
  ].join(' ')
}

function whyOf(detail: Detail): string[] {
  const reason = [detail['reason'], detail['cause']].filter(isSaid).map(plain).join('; ')
  const kind = isSaid(detail['class']) ? plain(detail['class']) : ''
  const rule = isSaid(detail['rule']) ? ` (rule ${plain(detail['rule'])})` : ''
  const why = kind === '' ? `${reason}${rule}` : `class ${kind}${reason === '' ? '' : `: ${reason}`}${rule}`
  return [why.trim(), detail['permanent'] === false ? 'may pass' : ''].filter((part) => part !== '')
}

function whoOf(detail: Detail): string[] {
  const because = Array.isArray(detail['because']) ? ` (${detail['because'].map(plain).join(', ')})` : ''
  return [
    ...named('', detail['url']),
    ...(isSaid(detail['by']) ? [`by ${plain(detail['by'])}${because}`] : []),
    ...named('by ', detail['via']),
    ...named('act ', detail['act']),
    ...(detail['undone'] === true ? ['taken back'] : []),
  ]
}

function reportOf(detail: Detail): string[] {
  return [
    ...named('of type ', detail['feedbackType']),
    ...named('reported by ', detail['reportedBy'] ?? detail['reporter']),
    ...named('report ', detail['report']),
  ]
}

function whereOf(detail: Detail): string[] {
  const place = placeOf(detail)
  const { source, durationMs } = detail
  return [
    ...named('', detail['lane']),
    // What a message came through, or what an attempt left from.
    ...(isSaid(source) && place === null && !isSaid(detail['stage']) ? [`by ${plain(source)}`] : []),
    ...(place === null ? [] : [`at ${place}`]),
    ...(isSaid(detail['site']) && place !== null && localPlace(plain(detail['site'])) === null
      ? named('site ', detail['site'])
      : []),
    ...named('provider ', detail['provider']),
    ...(isSaid(source) && place !== null && source !== ONLY_SOURCE ? [`from ${plain(source)}`] : []),
    ...tlsOf(detail),
    ...(typeof durationMs === 'number' ? [`took ${duration(durationMs)}`] : []),
  ]
}

/** What ends on this host has a name in place of a host; events of earlier versions have the path of a socket. */
function localPlace(host: string): string | null {
  if (host === 'simulator' || host.endsWith('/simulator.sock')) return 'the simulator'
  return host === 'local inbox' || host.startsWith('/') ? 'the local inbox' : null
}

/** A host with its address. */
function placeOf({ host, address }: Detail): string | null {
  if (!isSaid(host)) return isSaid(address) ? plain(address) : null
  const name = plain(host)
  const local = localPlace(name)
  if (local !== null) return local
  return !isSaid(address) || address === host ? name : `${name} (${plain(address)})`
}

function tlsOf({ tls, host }: Detail): string[] {
  if (typeof host !== 'string' || localPlace(host) !== null || tls === undefined) return []
  if (tls === null) return ['in clear text']
  if (typeof tls !== 'object') return [plain(tls)]
  const protocol = 'protocol' in tls && isSaid(tls.protocol) ? plain(tls.protocol) : 'TLS'
  const proof =
    'authenticated' in tls && isSaid(tls.authenticated) && tls.authenticated !== 'none'
      ? `, proved by ${plain(tls.authenticated)}`
      : ''
  return [`${protocol}${proof}`]
}

function nextOf({ attempt, nextAttemptAt }: Detail): string[] {
  return [
    ...named('attempt ', attempt),
    ...(typeof nextAttemptAt === 'string' ? [`next try ${clock(nextAttemptAt)}`] : []),
  ]
}

function named(prefix: string, value: unknown): string[] {
  return isSaid(value) ? [`${prefix}${plain(value)}`] : []
}

function isSaid(value: unknown): boolean {
  return value !== null && value !== undefined && value !== ''
}

/** A value without brackets and quotes. */
export function plain(value: unknown): string {
  if (typeof value === 'string') return value
  if (Array.isArray(value)) return value.map(plain).join(' ')
  if (typeof value === 'object' && value !== null)
    return Object.entries(value)
      .map(([name, item]) => `${name} ${plain(item)}`)
      .join(' ')
  return String(value)
}
