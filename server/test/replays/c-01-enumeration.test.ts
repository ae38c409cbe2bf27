import { createIdGenerator, decodeId } from '../../src/kernel/ids.ts'
import { startApi } from '../flows/api-fixture.ts'
import type { ApiFixture } from '../flows/api-fixture.ts'
import { sendingWorkspace } from '../flows/engine-fixture.ts'
import { startTestSubmission } from '../flows/submission-fixture.ts'
import type { SubmissionFixture } from '../flows/submission-fixture.ts'
import { openSmtp } from '../constellation/smtp.ts'
import { startAlteredApi } from '../support/altered-api.ts'
import { startAudit } from '../support/audit.ts'
import { aPerson } from '../support/people.ts'
import { measurePairs } from '../support/timing.ts'
import type { Separation } from '../support/timing.ts'
import { replay } from './replay.ts'

const LONG = process.env['BULKHEAD_TEST_LONG'] === '1'
/** 10,000 pairs are ±0.006 at 95 %; 400 are ±0.04. */
const PAIRS = LONG ? 10_000 : 400
/** Each makes a DKIM key of RSA, 188 ms of a core. */
const CLAIM_PAIRS = LONG ? 1_000 : 40
/** About five standard errors of each, so that noise alone never fails it; a leak of a hash (30 ms) is at 1.0. */
const BOUND = LONG ? 0.03 : 0.12
const CLAIM_BOUND = LONG ? 0.07 : 0.32
/** An address is tried so often: fewer than what slows it down. */
const TRIES_EACH = 15
const WARM_UP = 20
const CLAIM_WARM_UP = 3

interface World extends AsyncDisposable {
  readonly api: ApiFixture
  readonly submission: SubmissionFixture
  /** Where is tried. */
  readonly doors: 'all' | 'log-in'
}

interface Found extends Separation {
  /** Answers to known and unknown that were not the same byte for byte. */
  readonly different: number
  readonly bound: number
}
type Loot = Readonly<Record<string, Found>>

async function startWorld(api: ApiFixture, doors: World['doors']): Promise<World> {
  const submission = await startTestSubmission(api)
  const audit = startAudit(api.database)
  return {
    api,
    submission,
    doors,
    async [Symbol.asyncDispose]() {
      await audit[Symbol.asyncDispose]()
      await submission[Symbol.asyncDispose]()
      await api[Symbol.asyncDispose]()
    },
  }
}

let client = 0
/** Each request from another address, as somebody has them who rents a botnet: no limit per client is in the way. */
const anAddress = (): string => {
  client += 1
  return `10.${(client >> 16) & 255}.${(client >> 8) & 255}.${client & 255}`
}

interface Answer {
  readonly ms: number
  readonly text: string
}

async function post(
  url: string,
  path: string,
  body: unknown,
  headers: Record<string, string> = {},
  tries = 0,
): Promise<Answer> {
  const text = body instanceof URLSearchParams ? body.toString() : JSON.stringify(body)
  const started = performance.now()
  const response = await fetch(`${url}${path}`, {
    method: 'POST',
    headers: {
      'content-type':
        body instanceof URLSearchParams ? 'application/x-www-form-urlencoded' : 'application/json',
      'x-forwarded-for': anAddress(),
      ...headers,
    },
    body: text,
  })
  const answer = await response.text()
  // A keyring or a hash queue that is busy for a moment; whoever enumerates asks again.
  if (response.status === 503 && tries < 20) return post(url, path, body, headers, tries + 1)
  const ms = performance.now() - started
  const heads = [...response.headers]
    .filter(([name]) => name !== 'date')
    .map(([name, value]) => `${name}: ${value}`)
  return { ms, text: masked([response.status, ...heads, answer].join('\n')) }
}

/** Without what differs between two requests in any case. */
function masked(text: string): string {
  return (
    text
      .replaceAll(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, '<id>')
      .replaceAll(/\b[a-z]+_[0-9a-hjkmnp-tv-z]{26}\b/g, '<id>')
      .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, '<time>')
      .replaceAll(/\bp=[A-Za-z0-9+/=]+/g, 'p=<key>')
      .replaceAll(/claimed-\w+-\d+/g, '<name>')
      .replaceAll(/\bbh[12e]-[0-9a-z]+/g, '<selector>')
      // Counted in the own workspace, and made of the own id.
      .replaceAll(/"number":\d+/g, '"number":<number>')
      .replaceAll(/\.[0-9a-hjkmnp-tv-z]{26}\.dkim\./g, '.<label>.dkim.')
      .replaceAll(/content-length: \d+/g, 'content-length: <length>')
  )
}

/** Tries known and unknown in pairs: how well times tell them apart, and whether any answer does. */
async function compare(
  pairs: number,
  warmUp: number,
  bound: number,
  known: (n: number) => Promise<Answer>,
  unknown: (n: number) => Promise<Answer>,
): Promise<Found> {
  const texts = { known: new Map<string, number>(), unknown: new Map<string, number>() }
  const take = async (kind: 'known' | 'unknown', answer: Promise<Answer>): Promise<number> => {
    const { ms, text } = await answer
    texts[kind].set(text, (texts[kind].get(text) ?? 0) + 1)
    return ms
  }
  const found = await measurePairs({
    pairs,
    warmUp,
    first: (n) => take('known', known(n)),
    second: (n) => take('unknown', unknown(n)),
  })
  const all = new Set([...texts.known.keys(), ...texts.unknown.keys()])
  return { ...found, different: all.size - 1, bound }
}

/** Of every kind that exists: those who sign in, who are suspended, have no password, must set a new one, are nobody. */
async function everyKind(api: ApiFixture, count: number): Promise<string[]> {
  const kinds = [
    {},
    { disabled: true },
    { password: null },
    { mustReset: true },
    { honey: true },
    { flagged: true },
  ]
  const emails: string[] = []
  for (let n = 0; n < count; n++) emails.push((await aPerson(api, kinds[n % kinds.length])).email)
  return emails
}

const of = (list: readonly string[], n: number): string => list[n % list.length] ?? ''

async function enumerate({ api, submission, doors }: World): Promise<Loot> {
  const count = Math.ceil((PAIRS + WARM_UP) / TRIES_EACH)
  const known = await everyKind(api, count)
  const unknown = known.map((_, n) => `${(0xabcdef012345 + n).toString(16)}@people.test`)
  const loot: Record<string, Found> = {}

  const password = 'a guess that is wrong for all'
  const logIn = (email: string) => post(api.url, '/v1/log-in', { email, password })
  loot['log-in'] = await compare(
    PAIRS,
    WARM_UP,
    BOUND,
    (n) => logIn(of(known, n)),
    (n) => logIn(of(unknown, n)),
  )
  if (doors === 'log-in') return loot
  for (const [name, path] of [
    ['sign-up', '/v1/sign-up'],
    ['reset', '/v1/password-reset'],
    ['recovery', '/v1/recovery'],
  ] as const) {
    loot[name] = await compare(
      PAIRS,
      WARM_UP,
      BOUND,
      (n) => post(api.url, path, { email: of(known, n) }),
      (n) => post(api.url, path, { email: of(unknown, n) }),
    )
  }

  const { key } = await api.workspace()
  const users: string[] = []
  for (let n = 0; n < 10; n++) {
    const made = await api.call(key, 'POST', '/v1/smtp-credentials', { name: 'x' })
    users.push(String(made.body.username))
  }
  const others = users.map((user) => `${user.slice(0, -4)}${user.slice(-2)}${user.slice(-4, -2)}`)
  const auth = async (username: string): Promise<Answer> => {
    await using wire = await openSmtp(submission.ports.implicit, undefined)
    const token = Buffer.from(`\0${username}\0a guess that is wrong`).toString('base64')
    const started = performance.now()
    const { text } = await wire.command(`AUTH PLAIN ${token}`)
    return { ms: performance.now() - started, text }
  }
  loot['SMTP AUTH'] = await compare(
    PAIRS,
    WARM_UP,
    BOUND,
    (n) => auth(of(users, n)),
    (n) => auth(of(others, n)),
  )

  Object.assign(loot, await enumerateUnsubscribes(api))

  const owner = (await api.workspace()).key
  const claims = CLAIM_PAIRS + CLAIM_WARM_UP
  for (let n = 0; n < claims; n++)
    await api.call(owner, 'POST', '/v1/domains', { name: `claimed-before-${n}.test` })
  const claim = (name: string) => post(api.url, '/v1/domains', { name }, { authorization: `Bearer ${key}` })
  loot['domain claim'] = await compare(
    CLAIM_PAIRS,
    CLAIM_WARM_UP,
    CLAIM_BOUND,
    (n) => claim(`claimed-before-${n}.test`),
    (n) => claim(`claimed-never-${n}.test`),
  )
  return loot
}

/** Who holds links of mail asks which messages are still there, and types addresses to see who is on one. */
async function enumerateUnsubscribes(api: ApiFixture): Promise<Loot> {
  const { key, uuid, from } = await sendingWorkspace(api)
  const references = await api.links.references()
  const newId = createIdGenerator()
  const count = Math.ceil((PAIRS + WARM_UP) / TRIES_EACH)
  const pathOf = (messageId: string, recipient: number | null): string =>
    `/u/${references.write({ kind: 'unsubscribe', workspaceId: uuid, messageId, recipient }, '')}`
  const send = async (to: readonly string[]): Promise<string> => {
    const { body } = await api.call(key, 'POST', '/v1/messages', {
      from,
      to,
      subject: 'News',
      text: 'News',
      lane: 'bulk',
    })
    return decodeId('message', body.id) ?? ''
  }
  const there: string[] = []
  const gone: string[] = []
  for (let n = 0; n < count; n++) {
    there.push(pathOf(await send([`reader${n}@example.com`]), 1))
    gone.push(pathOf(newId(), 1))
  }
  const oneClick = (path: string): Promise<Answer> =>
    post(api.url, path, new URLSearchParams({ 'List-Unsubscribe': 'One-Click' }))
  const byMessage = await compare(
    PAIRS,
    WARM_UP,
    BOUND,
    (n) => oneClick(of(there, n)),
    (n) => oneClick(of(gone, n)),
  )

  const named = Array.from({ length: count }, (_, n) => `named${n}@example.com`)
  const strangers = Array.from({ length: count }, (_, n) => `other${n}@example.com`)
  const page = pathOf(await send(named), null)
  const type = (address: string): Promise<Answer> =>
    post(api.url, page, new URLSearchParams({ 'List-Unsubscribe': 'One-Click', address }))
  const byAddress = await compare(
    PAIRS,
    WARM_UP,
    BOUND,
    (n) => type(of(named, n)),
    (n) => type(of(strangers, n)),
  )
  return { unsubscribe: byMessage, 'unsubscribe by address': byAddress }
}

const round = (value: number): number => Math.round(value * 1_000) / 1_000

replay<World, Loot>(
  {
    id: 'C-01',
    source: 'C:35',
    attack:
      'whoever has a list of addresses and a stop-watch → asks for each at log-in, sign-up, reset, recovery, SMTP AUTH, unsubscribing and the claim of a domain, each time from another address',
    bound: `answers are the same byte for byte, and times tell nothing: AUC within 0.5 ± ${BOUND} of ${PAIRS} pairs (0.5 ± 0.03 of 10,000 in the long run; claims of domains: ${CLAIM_PAIRS} pairs)`,
    control: 'log-in answers unknown addresses before it hashes: the times tell almost every address',
  },
  {
    real: async () => startWorld(await startApi({ trustedProxies: ['127.0.0.1'] }), 'all'),
    control: async () =>
      startWorld(
        await startAlteredApi(
          [
            {
              file: 'server/src/modules/sessions/log-in-service.ts',
              find: '      const mark = deviceMarkOf(client.device)\n',
              replace:
                '      if (facts.person_id === null) throw refused()\n      const mark = deviceMarkOf(client.device)\n',
            },
          ],
          { trustedProxies: ['127.0.0.1'] },
        ),
        'log-in',
      ),
    attack: enumerate,
    judge: (loot) => ({
      breaches: Object.entries(loot).flatMap(([name, found]) => [
        ...(Math.abs(found.auc - 0.5) > found.bound
          ? [`${name}: AUC ${round(found.auc)} of ${found.n} pairs`]
          : []),
        ...(found.different > 0 ? [`${name}: ${found.different + 1} different answers`] : []),
      ]),
      evidence: Object.fromEntries(
        Object.entries(loot).map(([name, found]) => [
          name,
          `AUC ${round(found.auc)} (95 % ${round(found.low)} to ${round(found.high)}), n = ${found.n}`,
        ]),
      ),
    }),
    succeeded(loot) {
      const { auc } = loot['log-in'] ?? { auc: 0.5 }
      if (auc > 0.1) throw new Error(`the classifier did not see a hash that was left out: AUC ${auc}`)
    },
    close: (world) => world[Symbol.asyncDispose](),
    timeoutMs: LONG ? 7_200_000 : 600_000,
  },
)
