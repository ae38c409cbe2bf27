import { createTransport } from 'nodemailer'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { KeptMessage, Sink } from '../../../bench/sink.ts'
import { createIdGenerator, decodeId } from '../../src/kernel/ids.ts'
import type { Engine } from '../../src/modules/delivery/index.ts'
import { createDsnReports, startDsnUpkeep } from '../../src/modules/dsn/index.ts'
import type { DsnReports } from '../../src/modules/dsn/index.ts'
import { createAcceptService } from '../../src/modules/messages/index.ts'
import type { AcceptService } from '../../src/modules/messages/index.ts'
import { createTenantTransactions } from '../../src/platform/postgres/tenant.ts'
import { open, sealedKeyId } from '../../src/platform/sealing/index.ts'
import { createLogger } from '../../src/platform/telemetry/index.ts'
import { startContainmentWatch } from '../../src/security/containment/index.ts'
import { startApi } from './api-fixture.ts'
import type { ApiFixture } from './api-fixture.ts'
import { eventually, sendingWorkspace, startRelayingEngine, startTestSink } from './engine-fixture.ts'
import type { TestWorkspace } from './engine-fixture.ts'
import { startTestSubmission } from './submission-fixture.ts'
import type { SubmissionFixture } from './submission-fixture.ts'

let api: ApiFixture
let engine: Engine
let sink: Sink & AsyncDisposable
let workspace: TestWorkspace
let submission: SubmissionFixture
let reports: DsnReports
let acceptance: AcceptService
const disposals: (() => Promise<void>)[] = []

beforeAll(async () => {
  api = await startApi()
  sink = await startTestSink()
  sink.behave({
    rules: [
      { at: 'rcpt', reply: '550 5.1.1 No such user here', recipient: 'gone*' },
      { at: 'rcpt', reply: '451 4.2.1 Later', recipient: 'late*' },
    ],
  })
  workspace = await sendingWorkspace(api)
  engine = await startRelayingEngine(api, sink)
  submission = await startTestSubmission(api)
  acceptance = await startAccept()
  reports = makeReports()
})
afterAll(async () => {
  for (const dispose of disposals) await dispose()
  await submission[Symbol.asyncDispose]()
  await engine[Symbol.asyncDispose]()
  await sink.stop()
  await api[Symbol.asyncDispose]()
})

const log = createLogger({ name: 'dsn', level: 'error' })

/** Acceptance as the process api composes it: one for all makers of reports, since each listens on a connection of its own. */
async function startAccept(): Promise<AcceptService> {
  const pool = api.database.pool('bulkhead_api')
  const containment = await startContainmentWatch({ pool, log, actorClass: 'api' })
  const accept = createAcceptService({
    pool,
    keyring: api.keyring('api'),
    containment,
    sensitiveMayLeave: true,
    log,
    now: Date.now,
    newId: createIdGenerator(),
  })
  disposals.push(async () => {
    await accept.drain()
    await containment[Symbol.asyncDispose]()
  })
  return accept
}

/** The maker of reports as the process api composes it; its rounds are run by the tests. */
function makeReports(dies: () => boolean = () => false): DsnReports {
  const pool = api.database.pool('bulkhead_api')
  return createDsnReports({
    pool,
    transactions: createTenantTransactions(pool),
    keyring: api.keyring('api'),
    accept: {
      accept: async (message) => {
        const accepted = await acceptance.accept(message)
        if (dies()) throw new Error('killed after the commit')
        return accepted
      },
    },
    hostname: 'mail.example.net',
    log,
    newId: createIdGenerator(),
    nowMs: Date.now,
  })
}

interface Submitted {
  readonly to: string | readonly string[]
  readonly from?: string
  readonly dsn?: {
    readonly id?: string
    readonly return?: 'full' | 'headers'
    readonly notify?: ('never' | 'success' | 'failure' | 'delay')[]
    readonly recipient?: string
  }
  readonly headers?: Readonly<Record<string, string>>
  readonly requireTls?: boolean
}

/** Hands a message in over SMTP; answers its id. */
async function submit({
  to,
  from = workspace.from,
  dsn,
  headers = {},
  requireTls = false,
}: Submitted): Promise<string> {
  const sent = await createTransport({
    host: '127.0.0.1',
    port: submission.ports.implicit,
    secure: true,
    tls: { rejectUnauthorized: false },
    auth: { user: 'apikey', pass: workspace.key },
  }).sendMail({
    envelope: { from, to: [to].flat() },
    from: workspace.from,
    to: [to].flat(),
    subject: 'Very private words',
    text: 'the whole body',
    headers,
    ...(requireTls ? { requireTLSExtensionEnabled: true } : {}),
    ...(dsn === undefined ? {} : { dsn }),
  })
  return /msg_[0-9a-z]{26}/.exec(sent.response)?.[0] ?? sent.response
}

/** The reports that reached the submitter about a message. */
function arrived(messageId: string): KeptMessage[] {
  return sink.messages().filter(({ from, raw }) => from === '' && raw.includes(`known here as ${messageId}`))
}

async function reportOf(messageId: string, count = 1): Promise<KeptMessage[]> {
  return eventually(async () => {
    await reports.deliver()
    const found = arrived(messageId)
    return found.length >= count ? found : undefined
  }, `a report of ${messageId}`)
}

const uuidOf = (messageId: string): string => decodeId('message', messageId) ?? ''
const superuser = () => api.database.pool('superuser')

async function requested(messageId: string): Promise<number> {
  const { rowCount } = await superuser().query('select 1 from dsn_report where message_id = $1', [
    uuidOf(messageId),
  ])
  return rowCount ?? 0
}

/** What the handler of bounces notes when a message comes back. */
async function comesBack(messageId: string, number: number | null): Promise<void> {
  await superuser().query(
    `select engine.note_events(array[$1::uuid], array[$2::uuid], array[$3::integer], '{message.returned}', $4)`,
    [
      createIdGenerator()(),
      uuidOf(messageId),
      number,
      [JSON.stringify({ enhanced: '5.2.2', reply: 'Mailbox full' })],
    ],
  )
}

describe('a submitter who asked for reports', () => {
  it('of failure gets one with his names and the header, from the null sender, signed', async () => {
    const id = await submit({
      to: ['gone-a@there.example', 'bob@there.example'],
      dsn: { id: 'order 7', return: 'headers', notify: ['failure'], recipient: 'old@there.example' },
    })
    const [report] = await reportOf(id)
    expect(report?.recipients).toEqual([workspace.from])
    const text = report?.raw.toString() ?? ''
    expect(text).toContain('Original-Envelope-Id: order 7')
    expect(text).toContain('Final-Recipient: rfc822; gone-a@there.example')
    expect(text).toContain('Action: failed')
    expect(text).toContain('Status: 5.1.1')
    expect(text).toContain('Diagnostic-Code: smtp; 550 No such user here')
    expect(text).toContain('Subject: Very private words')
    expect(text).not.toContain('the whole body')
    expect(text).not.toContain('bob@there.example\r\nAction')
    expect(text.match(/^DKIM-Signature:/gm)?.length).toBeGreaterThan(0)
    const message = await workspace.get(id)
    expect(message.states).toEqual({ bounced: 1, delivered: 1 })
  })

  it('of success hears that it was relayed, with RET=FULL no more than the header', async () => {
    const id = await submit({
      to: 'carl@there.example',
      dsn: { id: 'q', return: 'full', notify: ['success', 'failure'] },
    })
    const [report] = await reportOf(id)
    expect(report?.raw.toString()).toContain('Action: relayed')
    expect(report?.raw.toString()).not.toContain('the whole body')
  })

  it('with RET=FULL gets the message back', async () => {
    const id = await submit({
      to: 'gone-b@there.example',
      dsn: { id: 'q', return: 'full', notify: ['failure'] },
    })
    const [report] = await reportOf(id)
    expect(report?.raw.toString()).toContain('the whole body')
  })

  it('hears of a message that comes back after it was delivered, once', async () => {
    const id = await submit({
      to: 'dora@there.example',
      dsn: { id: 'q', return: 'headers', notify: ['failure'] },
    })
    await workspace.ended(id)
    expect(await requested(id)).toBe(0)
    await comesBack(id, 1)
    await comesBack(id, null)
    const [report] = await reportOf(id)
    expect(report?.raw.toString()).toContain('Status: 5.2.2')
    await reports.deliver()
    expect(await requested(id)).toBe(1)
    expect(arrived(id)).toHaveLength(1)
  })

  it('of delay hears once, when it waits for more than four hours, and until when it is tried', async () => {
    const id = await submit({
      to: 'late-a@there.example',
      dsn: { id: 'q', return: 'headers', notify: ['delay'] },
    })
    const looks = async (): Promise<void> => {
      const stop = new AbortController()
      const round = startDsnUpkeep({ pool: api.database.pool('bulkhead_worker'), log, signal: stop.signal })
      stop.abort()
      await round
    }
    await eventually(
      async () => ((await workspace.get(id)).recipients[0].attempts > 0 ? true : undefined),
      'a try',
    )
    await looks()
    expect(await requested(id)).toBe(0)
    const hours = async (): Promise<void> => {
      await superuser().query(
        `update dsn_request set delay_due = clock_timestamp() where message_id = $1 and delay_due > clock_timestamp() + interval '3 hours 50 minutes'`,
        [uuidOf(id)],
      )
    }
    await hours()
    await looks()
    const [report] = await reportOf(id)
    expect(report?.raw.toString()).toMatch(/Action: delayed\r\nStatus: 4\.2\.1/)
    expect(report?.raw.toString()).toContain('Will-Retry-Until: ')
    await hours()
    await looks()
    await reports.deliver()
    expect(await requested(id)).toBe(1)
    await api.call(workspace.key, 'POST', `/v1/messages/${id}/cancel`)
  })

  it('hears of an address that he himself suppressed', async () => {
    await api.call(workspace.key, 'POST', '/v1/suppressions', { email: 'eve@there.example' })
    const id = await submit({
      to: 'eve@there.example',
      dsn: { id: 'q', return: 'headers', notify: ['failure'] },
    })
    const [report] = await reportOf(id)
    expect(report?.raw.toString()).toContain('Status: 5.7.1')
  })

  it('of a sensitive message gets neither subject nor recipient nor content', async () => {
    const id = await submit({
      to: 'gone-c@there.example',
      dsn: { id: 'q', return: 'full', notify: ['failure'], recipient: 'gone-c@there.example' },
      headers: { 'X-Bulkhead-Sensitive': 'true' },
    })
    const [report] = await reportOf(id)
    const text = report?.raw.toString() ?? ''
    expect(text).toContain('Original-Envelope-Id: q')
    expect(text).toContain('Status: 5.1.1')
    expect(text).not.toMatch(/gone-c|Very private|whole body/)
  })

  it('of a message with REQUIRETLS gets nothing of it but its name', async () => {
    await api.call(workspace.key, 'POST', '/v1/suppressions', { email: 'frank@there.example' })
    const id = await submit({
      to: 'frank@there.example',
      dsn: { id: 'q', return: 'full', notify: ['failure'] },
      requireTls: true,
    })
    const [report] = await reportOf(id)
    const text = report?.raw.toString() ?? ''
    expect(text).toContain('Final-Recipient: rfc822; frank@there.example')
    expect(text).not.toMatch(/Very private|whole body/)
  })

  it('gets a report once though its writer died before he could say that it was accepted', async () => {
    let deaths = 0
    const mortal = makeReports(() => ++deaths === 1)
    const id = await submit({
      to: 'gone-d@there.example',
      dsn: { id: 'q', return: 'headers', notify: ['failure'] },
    })
    await eventually(async () => ((await requested(id)) > 0 ? true : undefined), 'a report that is due')
    await mortal.deliver()
    expect(deaths).toBe(1)
    await superuser().query(
      'update dsn_report set due = clock_timestamp() where message_id = $1 and due is not null',
      [uuidOf(id)],
    )
    await Promise.all([mortal.deliver(), reports.deliver()])
    const { rows } = await superuser().query('select state, due from dsn_report where message_id = $1', [
      uuidOf(id),
    ])
    expect(rows).toEqual([{ state: 'sent', due: null }])
    await reportOf(id)
    await engineIsIdle()
    expect(arrived(id)).toHaveLength(1)
  })

  it('gets each report once, however many processes write them at a time', async () => {
    const others = [makeReports(), makeReports()]
    const ids = await Promise.all(
      Array.from({ length: 12 }, (_, at) =>
        submit({
          to: [`gone-x${at}@there.example`, `gone-y${at}@there.example`],
          dsn: { id: `q${at}`, return: 'headers', notify: ['failure'] },
        }),
      ),
    )
    await eventually(async () => {
      await Promise.all([reports, ...others].map((one) => one.deliver()))
      const { rows } = await superuser().query<{ n: number }>(
        `select count(*)::int as n from dsn_report where state = 'sent' and message_id = any($1)`,
        [ids.map(uuidOf)],
      )
      return rows[0]?.n === 24 ? true : undefined
    }, 'all reports')
    await engineIsIdle()
    for (const id of ids) {
      const found = arrived(id).map(({ raw }) => raw.toString())
      expect(found.flatMap((text) => text.match(/^Final-Recipient: .*$/gm) ?? [])).toHaveLength(2)
    }
  })
})

async function engineIsIdle(): Promise<void> {
  await eventually(async () => {
    const { rows } = await superuser().query<{ n: number }>(
      `select count(*)::int as n from queue where lane = 'internal'`,
    )
    return rows[0]?.n === 0 ? true : undefined
  }, 'all internal mail is out')
}

describe('nobody is sent a report', () => {
  it.each([
    ['without NOTIFY', { to: 'gone-1@there.example' }],
    ['with NOTIFY=NEVER', { to: 'gone-2@there.example', dsn: { id: 'q', notify: ['never'] } }],
    [
      'for a kind that was not asked for',
      { to: 'gone-3@there.example', dsn: { id: 'q', notify: ['success'] } },
    ],
    ['to the null sender', { to: 'gone-4@there.example', from: '', dsn: { id: 'q', notify: ['failure'] } }],
  ] satisfies [string, Submitted][])('%s', async (_what, submitted) => {
    const id = await submit(submitted)
    expect((await workspace.ended(id)).states).toEqual({ bounced: 1 })
    expect(await requested(id)).toBe(0)
  })

  it('because a report bounced: nothing it causes asks for one', async () => {
    const id = await submit({
      from: `gone@${workspace.from.slice(workspace.from.indexOf('@') + 1)}`,
      to: 'gone-5@there.example',
      dsn: { id: 'q', return: 'headers', notify: ['failure', 'success', 'delay'] },
    })
    await eventually(async () => {
      await reports.deliver()
      const { rows } = await superuser().query<{ state: string }>(
        `select o.state from dsn_report r join outcome o on o.message_id = r.report_id where r.message_id = $1`,
        [uuidOf(id)],
      )
      return rows[0]?.state === 'bounced' ? true : undefined
    }, 'the report bounces')
    const { rows } = await superuser().query(
      `select 1 from dsn_request q join message m on m.id = q.message_id where m.source = 'dsn'`,
    )
    expect(rows).toEqual([])
  })
})

async function summaryOf(messageId: string): Promise<unknown> {
  const id = uuidOf(messageId)
  const { rows } = await superuser().query<{ summary: Buffer }>('select summary from message where id = $1', [
    id,
  ])
  const sealed = rows[0]?.summary ?? Buffer.alloc(0)
  const keys = await api.keyring('api').openContentKeys(workspace.uuid, [sealedKeyId(sealed)], 'test')
  const place = { workspaceId: workspace.uuid, table: 'message', column: 'summary', rowId: id }
  return JSON.parse(open(keys, place, sealed).toString())
}

describe('a message', () => {
  const sendAt = new Date(Date.now() + 3_600_000).toISOString()

  it('keeps what was asked of it for the next server, by the numbers of its recipients', async () => {
    const id = await submit({
      to: ['one@there.example', 'two@there.example'],
      dsn: { id: 'a+b', return: 'full', notify: ['failure', 'delay'], recipient: 'x=y@there.example' },
      headers: { 'X-Bulkhead-Send-At': sendAt },
    })
    const given = { notify: ['FAILURE', 'DELAY'], orcpt: 'rfc822;x+3Dy@there.example' }
    expect(await summaryOf(id)).toMatchObject({
      dsn: { ret: 'FULL', envid: 'a+2Bb', recipients: { 1: given, 2: given } },
    })
    const { rows } = await superuser().query<{ text: string }>(
      `select string_agg(row_to_json(r)::text, ' ') as text from dsn_request r`,
    )
    expect(rows[0]?.text).not.toMatch(/sender\d|there\.example|order/)
  })

  it('of the API takes requireTls, and keeps nothing where it was not asked for', async () => {
    const request = { to: 'bob@there.example', sendAt }
    expect(await summaryOf(await workspace.send({ ...request, requireTls: true }))).toMatchObject({
      requireTls: true,
    })
    const plain = await summaryOf(await workspace.send({ ...request, requireTls: false }))
    expect(plain).not.toHaveProperty('requireTls')
    expect(plain).not.toHaveProperty('dsn')
  })
})
