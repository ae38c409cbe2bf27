import { createTransport } from 'nodemailer'
import { verify } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { decodeId } from '../../src/kernel/ids.ts'
import { startInboundDispatch } from '../../src/modules/inbound-routes/index.ts'
import { createResolver } from '../../src/platform/dns/index.ts'
import { createEgress } from '../../src/platform/egress/index.ts'
import { createLogger } from '../../src/platform/telemetry/index.ts'
import { startContainmentWatch } from '../../src/security/containment/index.ts'
import type { ContainmentWatch } from '../../src/security/containment/index.ts'
import { startApi } from './api-fixture.ts'
import type { ApiFixture } from './api-fixture.ts'
import { startInbound, type InboundFixture } from './inbound-fixture.ts'

interface Posted {
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
  readonly form: FormData
}

interface Program extends AsyncDisposable {
  readonly url: string
  readonly posted: Posted[]
  answer(status: (count: number) => number): void
}

const always200 = (_count: number): number => 200

/** A program that reads forms as any other server does. */
async function startProgram(): Promise<Program> {
  const posted: Posted[] = []
  let statusOf = always200
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const body = Buffer.concat(chunks)
      const headers = Object.fromEntries(
        Object.entries(request.headers).map(([name, value]) => [name, String(value)]),
      )
      void new Response(new Uint8Array(body), {
        headers: { 'content-type': headers['content-type'] ?? '' },
      })
        .formData()
        .then((form) => {
          posted.push({ headers, body, form })
          response.writeHead(statusOf(posted.length)).end()
        })
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/parse`,
    posted,
    answer(next) {
      statusOf = next
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

let api: ApiFixture
let inbound: InboundFixture
let containment: ContainmentWatch
let stop: AbortController
let running: Promise<void>
const resolver = createResolver({ servers: ['127.0.0.1:9'], timeoutMs: 200, tries: 1 })
const egress = createEgress({ resolver, allowPrivateTargets: true })
let names = 0

beforeAll(async () => {
  api = await startApi()
  inbound = await startInbound(api)
  const log = createLogger({ name: 'test', level: 'error' })
  const pool = api.database.pool('bulkhead_worker')
  containment = await startContainmentWatch({ pool, log, actorClass: 'worker' })
  stop = new AbortController()
  running = startInboundDispatch({
    pool,
    keyring: api.keyring('worker'),
    containment,
    egress,
    log,
    signal: stop.signal,
    retryScale: 0.001,
  })
})
afterAll(async () => {
  stop.abort()
  await running
  await containment[Symbol.asyncDispose]()
  egress[Symbol.dispose]()
  await inbound[Symbol.asyncDispose]()
  await api[Symbol.asyncDispose]()
})

async function route(url: string, more: Record<string, unknown> = {}) {
  const { key, id } = await api.workspace()
  const domain = `shop${++names}.test`
  await api.call(key, 'POST', '/v1/domains', { name: domain })
  const hostname = `parse.${domain}`
  const made = await api.call(key, 'POST', '/v1/inbound-routes', { hostname, url, ...more })
  expect(made.status, made.text).toBe(201)
  const path = `/v1/inbound-routes/${made.body.id}`
  const mail = async () => (await api.call(key, 'GET', `${path}/mail`)).body.data
  return { key, workspaceId: decodeId('workspace', id) ?? id, domain, hostname, made: made.body, path, mail }
}

const trim = () => api.database.pool('bulkhead_worker').query('select engine.trim_inbound(1000)')

/** A field of a form that is no file. */
function textIn(form: FormData, name: string): string {
  const value = form.get(name)
  if (typeof value !== 'string') throw new Error(`${name} is no text`)
  return value
}

const rowsOf = async (workspaceId: string, table: string): Promise<number> => {
  const { rows } = await api.database
    .pool('superuser')
    .query<{ n: number }>(`select count(*)::integer as n from ${table} where workspace_id = $1`, [
      workspaceId,
    ])
  return rows[0]?.n ?? -1
}

/** As any other server sends: a client of its own, with STARTTLS. */
async function sendBy(
  message: Parameters<ReturnType<typeof createTransport>['sendMail']>[0],
): Promise<string> {
  const client = createTransport({
    host: '127.0.0.1',
    port: inbound.port,
    tls: { rejectUnauthorized: false },
    name: 'mx.there.example',
  })
  return (await client.sendMail(message)).response
}

const mailOfBob = (to: string[]) => ({
  envelope: { from: 'bob@there.example', to },
  raw: 'From: bob@there.example\r\nSubject: both\r\n\r\nx\r\n',
})

describe('a mail to the host name of a route', () => {
  it('is posted as the vendor posts it, signed, and erased when the program has it', async () => {
    await using program = await startProgram()
    const hook = await route(program.url)
    const answer = await sendBy({
      from: '"Böb" <bob@there.example>',
      to: `support@${hook.hostname}`,
      cc: 'ann@there.example',
      subject: 'Grüße',
      text: 'Hello there',
      html: '<p>Hello <b>there</b></p>',
      attachments: [
        { filename: 'über.pdf', content: Buffer.from([0, 255, 13, 10]), contentType: 'application/pdf' },
      ],
    })
    expect(answer).toMatch(/^250/)
    await expect.poll(() => program.posted.length, { timeout: 15_000 }).toBe(1)
    const [posted] = program.posted
    if (posted === undefined) throw new Error('there is one')
    const field = (name: string) => posted.form.get(name)
    expect(field('from')).toBe('Böb <bob@there.example>')
    expect(field('subject')).toBe('Grüße')
    expect(field('text')).toBe('Hello there')
    expect(field('html')).toBe('<p>Hello <b>there</b></p>')
    expect(JSON.parse(textIn(posted.form, 'envelope'))).toEqual({
      to: [`support@${hook.hostname}`],
      from: 'bob@there.example',
    })
    expect(field('sender_ip')).toBe('127.0.0.1')
    expect(field('attachments')).toBe('1')
    const file = field('attachment1')
    if (!(file instanceof File)) throw new Error('it is a file')
    expect([file.name, file.type, Buffer.from(await file.arrayBuffer())]).toEqual([
      'über.pdf',
      'application/pdf',
      Buffer.from([0, 255, 13, 10]),
    ])
    // The vendor's library takes text only; this body holds any bytes.
    const signature = posted.headers['x-twilio-email-event-webhook-signature'] ?? ''
    const timestamp = posted.headers['x-twilio-email-event-webhook-timestamp'] ?? ''
    const signed = Buffer.concat([Buffer.from(timestamp), posted.body])
    const pem = `-----BEGIN PUBLIC KEY-----\n${hook.made.publicKey}\n-----END PUBLIC KEY-----`
    expect(verify('sha256', signed, pem, Buffer.from(signature, 'base64'))).toBe(true)
    await expect.poll(async () => (await hook.mail())[0]?.state).toBe('delivered')
    expect(await rowsOf(hook.workspaceId, 'inbound_content')).toBe(0)
    expect((await hook.mail())[0]).toMatchObject({ attempts: 1, lastStatus: 200 })
  })

  it('goes whole where the route wants it so, once to each recipient', async () => {
    await using program = await startProgram()
    const hook = await route(program.url, { sendRaw: true })
    const raw = `From: bob@there.example\r\nSubject: x\r\n\r\n${'line\r\n'.repeat(50)}`
    const to = [`a@${hook.hostname}`, `b@${hook.hostname}`, `A@${hook.hostname}`]
    expect(await inbound.mail(to, raw, 'bob@there.example')).toBe('250 2.0.0 Kept')
    await expect.poll(() => program.posted.length, { timeout: 15_000 }).toBe(2)
    for (const { form } of program.posted) expect(form.get('email')).toBe(raw)
    const recipients = program.posted.map(({ form }) =>
      JSON.parse(textIn(form, 'envelope')).to[0].toLowerCase(),
    )
    expect(new Set(recipients)).toEqual(new Set(to.slice(0, 2)))
    await expect.poll(() => rowsOf(hook.workspaceId, 'inbound_content')).toBe(0)
  })

  it('for two workspaces is answered to each for itself, so that neither is told what holds for the other', async () => {
    await using program = await startProgram()
    const [hook, other] = [await route(program.url), await route(program.url)]
    const client = createTransport({
      host: '127.0.0.1',
      port: inbound.port,
      tls: { rejectUnauthorized: false },
    })
    const first = await client.sendMail(
      mailOfBob([`a@${hook.hostname}`, `b@${other.hostname}`, `c@${hook.hostname}`]),
    )
    expect(first.response).toMatch(/^250/)
    expect(first.accepted).toEqual([`a@${hook.hostname}`, `c@${hook.hostname}`])
    expect(first.rejectedErrors?.map(({ recipient, response }) => [recipient, response])).toEqual([
      [`b@${other.hostname}`, '452 4.5.3 Recipients of one owner at a time, send to this one separately'],
    ])
    expect(await rowsOf(other.workspaceId, 'inbound_mail')).toBe(0)
    // As every client that keeps a queue does.
    const again = await client.sendMail(mailOfBob(first.rejected.map(String)))
    expect(again.response).toMatch(/^250/)
    await expect.poll(() => program.posted.length, { timeout: 15_000 }).toBe(3)
    for (const [{ mail }, count] of [
      [hook, 2],
      [other, 1],
    ] as const) {
      await expect
        .poll(async () => (await mail()).map(({ state }: { state: string }) => state))
        .toEqual(Array.from({ length: count }, () => 'delivered'))
    }
  }, 90_000)

  it('is sealed before 250, and taken once though its sender did not hear that', async () => {
    const hook = await route('http://127.0.0.1:9/nobody')
    const raw = 'From: bob@there.example\nSubject: the secret word is aardvark\n\nx\n'
    for (let time = 0; time < 2; time++)
      expect(await inbound.mail(`a@${hook.hostname}`, raw, 'bob@there.example')).toMatch(/^250/)
    expect(await rowsOf(hook.workspaceId, 'inbound_mail')).toBe(1)
    const { rows } = await api.database
      .pool('superuser')
      .query<{ sealed: Buffer; envelope: Buffer }>(
        `select c.sealed, m.envelope from inbound_content c join inbound_mail m on m.content_id = c.id where c.workspace_id = $1`,
        [hook.workspaceId],
      )
    expect(rows).toHaveLength(1)
    for (const value of Object.values(rows[0] ?? {}))
      expect(value.toString('latin1')).not.toMatch(/aardvark|there\.example/)
  })

  it('is tried again after failures, and nothing is lost by them', async () => {
    await using program = await startProgram()
    program.answer((count) => (count < 3 ? 503 : 200))
    const hook = await route(program.url)
    await inbound.mail(`a@${hook.hostname}`, 'Subject: x\n\nx\n', 'bob@there.example')
    await expect.poll(async () => (await hook.mail())[0]?.state, { timeout: 10_000 }).toBe('delivered')
    expect((await hook.mail())[0].attempts).toBe(3)
  }, 90_000)

  it('that was refused is told, kept for its time, and posted again when somebody asks', async () => {
    await using program = await startProgram()
    program.answer((count) => (count < 2 ? 404 : 200))
    const hook = await route(program.url)
    await inbound.mail(`a@${hook.hostname}`, 'Subject: x\n\nx\n', 'bob@there.example')
    await expect.poll(async () => (await hook.mail())[0]?.state, { timeout: 15_000 }).toBe('failed')
    const [mail] = await hook.mail()
    expect(mail).toMatchObject({ lastStatus: 404, lastError: 'The receiver answered 404.' })
    expect(Date.parse(mail.expiresAt) - Date.parse(mail.receivedAt)).toBe(72 * 3_600_000)
    expect((await api.call(hook.key, 'POST', `${hook.path}/mail/${mail.id}/retry`)).status).toBe(200)
    await expect.poll(async () => (await hook.mail())[0]?.state, { timeout: 15_000 }).toBe('delivered')
    expect((await api.call(hook.key, 'POST', `${hook.path}/mail/${mail.id}/retry`)).status).toBe(409)
  }, 90_000)

  it('that nobody took in time is expired and erased, and forgotten a week later', async () => {
    const hook = await route('http://127.0.0.1:9/nobody')
    await inbound.mail(`a@${hook.hostname}`, 'Subject: x\n\nx\n', 'bob@there.example')
    await expect.poll(async () => (await hook.mail())[0]?.attempts, { timeout: 15_000 }).toBeGreaterThan(0)
    const behind = (statement: string) => api.database.pool('superuser').query(statement, [hook.workspaceId])
    await behind(`update inbound_mail set expires_at = now(), lease_until = null where workspace_id = $1`)
    await expect
      .poll(async () => {
        await trim()
        return (await hook.mail())[0]?.state
      })
      .toBe('expired')
    await trim()
    expect(await rowsOf(hook.workspaceId, 'inbound_content')).toBe(0)
    await behind(`update inbound_mail set settled_at = now() - interval '8 days' where workspace_id = $1`)
    await trim()
    expect(await hook.mail()).toEqual([])
  }, 90_000)
})

describe('a route', () => {
  it('is for host names that the workspace has proved, and takes nothing once it has not', async () => {
    await using program = await startProgram()
    const hook = await route(program.url)
    const other = await api.workspace()
    for (const hostname of [hook.hostname, 'parse.elsewhere.example', 'test', '127.0.0.1', 'a b.test'])
      expect(
        (await api.call(other.key, 'POST', '/v1/inbound-routes', { hostname, url: program.url })).status,
        hostname,
      ).toBe(400)
    await api.call(other.key, 'POST', '/v1/domains', { name: hook.domain })
    const taken = await api.call(other.key, 'POST', '/v1/inbound-routes', {
      hostname: hook.hostname,
      url: program.url,
    })
    expect(taken.status).toBe(409)
    const again = await api.call(hook.key, 'POST', '/v1/inbound-routes', {
      hostname: hook.hostname.toUpperCase(),
      url: program.url,
    })
    expect(again.status).toBe(409)
    await api.database
      .pool('superuser')
      .query(`update sending_domain set state = 'failing' where workspace_id = $1`, [hook.workspaceId])
    expect(await inbound.mail(`a@${hook.hostname}`, 'x', 'bob@there.example')).toMatch(/^550 5\.1\.1/)
    expect((await api.call(hook.key, 'GET', hook.path)).body.isActive).toBe(false)
  })

  it('that leads to another program is told to everybody who runs the workspace', async () => {
    const hook = await route('https://program.example/parse')
    const moved = await api.call(hook.key, 'PATCH', hook.path, { url: 'https://intruder.example/' })
    expect(moved.status).toBe(200)
    const { data } = (await api.call(hook.key, 'GET', '/v1/alerts')).body
    const told = data.filter((alert: { kind: string }) => alert.kind === 'inbound_route.changed')
    expect(told).toHaveLength(2)
    expect(JSON.stringify(told)).toContain('intruder.example')
  })

  it('takes nothing more once it is removed, and what it had taken still goes to its program', async () => {
    await using program = await startProgram()
    program.answer((count) => (count < 2 ? 500 : 200))
    const hook = await route(program.url)
    await inbound.mail(`a@${hook.hostname}`, 'Subject: x\n\nx\n', 'bob@there.example')
    expect((await api.call(hook.key, 'DELETE', hook.path)).status).toBe(204)
    expect(await inbound.mail(`a@${hook.hostname}`, 'x', 'bob@there.example')).toMatch(/^550/)
    expect(await inbound.mail('a@parse.elsewhere.example', 'x', 'bob@there.example')).toMatch(/^550/)
    await expect.poll(() => program.posted.length, { timeout: 15_000 }).toBe(2)
    await expect.poll(() => rowsOf(hook.workspaceId, 'inbound_content')).toBe(0)
  })

  it('of a contained workspace posts nothing, and goes on afterwards', async () => {
    await using program = await startProgram()
    const hook = await route(program.url)
    const contained = await api.call(hook.key, 'POST', '/v1/containments', {
      capabilities: ['webhook'],
      actorClass: 'worker',
      reason: 'a drill',
    })
    expect(contained.status, contained.text).toBeLessThan(300)
    expect(await inbound.mail(`a@${hook.hostname}`, 'Subject: x\n\nx\n', 'bob@there.example')).toMatch(/^250/)
    await new Promise((resolve) => setTimeout(resolve, 1_500))
    expect(program.posted).toEqual([])
    expect((await hook.mail())[0]).toMatchObject({ state: 'pending', attempts: 0 })
    await api.database
      .pool('superuser')
      .query(`update containment set until = clock_timestamp() where workspace_id = $1`, [hook.workspaceId])
    await expect.poll(() => program.posted.length, { timeout: 12_000 }).toBe(1)
  }, 90_000)
})
