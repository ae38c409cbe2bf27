/**
 * Where in the conversation a rule acts. `starttls` is the command, `handshake` is after its 220; `body` is when the first octets of the
 * content have come, `replied` is after the last 250.
 */
export const POINTS = [
  'banner',
  'ehlo',
  'starttls',
  'handshake',
  'mail',
  'rcpt',
  'data',
  'body',
  'dot',
  'replied',
] as const
export type Point = (typeof POINTS)[number]

/**
 * What a rule does. `drop` closes without a reply; `accept-and-drop` (at `dot` only) counts and journals the message and then closes
 * without a reply, which is the case a sender cannot tell from `drop`; `reset` is `drop` by TCP reset; `silence` keeps the connection and never answers again; `trickle` keeps
 * it and says an octet now and then of a reply that never ends; `garbage` says what is neither SMTP nor TLS.
 */
export const ACTIONS = [
  'continue',
  'reply',
  'drop',
  'reset',
  'accept-and-drop',
  'silence',
  'trickle',
  'garbage',
] as const
export type Action = (typeof ACTIONS)[number]

/** One misbehaviour. The first rule that matches wins. */
export interface Rule {
  readonly at: Point
  readonly action: Action
  /** Reply text with its code, without CRLF, such as `451 4.7.1 try later`. 421 also closes. */
  readonly reply: string
  /** Waits this long first. */
  readonly delayMs: number
  /** Acts on this share of the matching occasions, 0 to 100. */
  readonly percent: number
  /** Only for recipients that match: `*` stands for any characters. At `dot` and later, when one of them matches. Empty: all. */
  readonly recipient: string
  /** Acts at most this often; 0 means without limit. */
  readonly times: number
}

const MAX_RULES = 100
const MAX_DELAY_MS = 600_000

function isOneOf<T extends string>(value: unknown, allowed: readonly T[]): value is T {
  return typeof value === 'string' && allowed.some((entry) => entry === value)
}

function numberIn(value: unknown, name: string, low: number, high: number, fallback: number): number {
  if (value === undefined) return fallback
  if (typeof value !== 'number' || !(value >= low && value <= high)) {
    throw new Error(`${name} must be a number from ${low} to ${high}`)
  }
  return value
}

function parseRule(value: unknown, index: number): Rule {
  const where = `rules[${index}]`
  if (typeof value !== 'object' || value === null) throw new Error(`${where} must be an object`)
  const fields = new Map<string, unknown>(Object.entries(value))
  for (const name of fields.keys()) {
    if (!['at', 'action', 'reply', 'delayMs', 'percent', 'recipient', 'times'].includes(name)) {
      throw new Error(`${where}.${name} is not known`)
    }
  }
  const at = fields.get('at')
  if (!isOneOf(at, POINTS)) throw new Error(`${where}.at must be one of ${POINTS.join(', ')}`)
  const reply = fields.get('reply') ?? ''
  if (typeof reply !== 'string' || (reply !== '' && !/^[2-5]\d\d [\x20-\x7e]{0,400}$/.test(reply))) {
    throw new Error(`${where}.reply must be a code and a text, such as "451 4.7.1 try later"`)
  }
  const action = fields.get('action') ?? (reply === '' ? 'continue' : 'reply')
  if (!isOneOf(action, ACTIONS)) throw new Error(`${where}.action must be one of ${ACTIONS.join(', ')}`)
  if (action === 'reply' && reply === '') throw new Error(`${where}.reply is needed`)
  if (action === 'reply' && (at === 'body' || at === 'replied' || at === 'handshake')) {
    throw new Error(`${where}: there is no reply at ${at}`)
  }
  if (action === 'accept-and-drop' && at !== 'dot')
    throw new Error(`${where}: accept-and-drop belongs to dot`)
  const recipient = fields.get('recipient') ?? ''
  if (typeof recipient !== 'string' || recipient.length > 320) {
    throw new Error(`${where}.recipient must be a short text`)
  }
  return {
    at,
    action,
    reply,
    delayMs: numberIn(fields.get('delayMs'), `${where}.delayMs`, 0, MAX_DELAY_MS, 0),
    percent: numberIn(fields.get('percent'), `${where}.percent`, 0, 100, 100),
    recipient: recipient.toLowerCase(),
    times: numberIn(fields.get('times'), `${where}.times`, 0, 1e9, 0),
  }
}

/** Parses the body of `POST /behave`: `{"rules": [...]}`. Throws an Error that names the field. */
export function parseRules(value: unknown): Rule[] {
  const rules = typeof value === 'object' && value !== null && 'rules' in value ? value.rules : undefined
  if (!Array.isArray(rules) || rules.length > MAX_RULES) {
    throw new Error(`rules must be a list of at most ${MAX_RULES}`)
  }
  return rules.map(parseRule)
}

/** Whether `text` matches `pattern`, where `*` stands for any characters. Linear in both, unlike a regular expression made from it. */
export function matchesPattern(pattern: string, text: string): boolean {
  const parts = pattern.split('*')
  const first = parts[0] ?? ''
  if (parts.length === 1) return text === first
  const last = parts.at(-1) ?? ''
  if (!text.startsWith(first) || !text.endsWith(last) || text.length < first.length + last.length)
    return false
  let at = first.length
  for (const part of parts.slice(1, -1)) {
    const found = text.indexOf(part, at)
    if (found < 0 || found + part.length > text.length - last.length) return false
    at = found + part.length
  }
  return true
}

/** The rules in force and how often each has acted. */
export class Behaviour {
  #rules: { readonly rule: Rule; acted: number }[] = []
  readonly #random: () => number

  constructor(random: () => number = Math.random) {
    this.#random = random
  }

  /** Replaces all rules; an empty list makes the sink behave. */
  set(rules: readonly Rule[]): void {
    this.#rules = rules.map((rule) => ({ rule, acted: 0 }))
  }

  get active(): boolean {
    return this.#rules.length > 0
  }

  /** How often each rule acted, in the order given. */
  acted(): number[] {
    return this.#rules.map((entry) => entry.acted)
  }

  /** The rule that acts now, or null. Counts it. */
  decide(at: Point, recipients: readonly string[]): Rule | null {
    for (const entry of this.#rules) {
      const { rule } = entry
      if (rule.at !== at || (rule.times > 0 && entry.acted >= rule.times)) continue
      if (
        rule.recipient !== '' &&
        !recipients.some((to) => matchesPattern(rule.recipient, to.toLowerCase()))
      ) {
        continue
      }
      if (rule.percent < 100 && this.#random() * 100 >= rule.percent) continue
      entry.acted++
      return rule
    }
    return null
  }
}
