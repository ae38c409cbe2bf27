import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { commands } from '../../../cli/src/program.ts'
import { createClient, type Client } from '../../../sdk/src/index.ts'
import { apiOperations } from '../../src/surfaces/api/registry.ts'
import { staffApiOperations } from '../../src/surfaces/staff-api/registry.ts'
import { startInstallation, until, type Installation } from '../constellation/installation.ts'

const ROOT = resolve(import.meta.dirname, '../../..')

interface Outcome {
  readonly code: number
  readonly out: string
  readonly err: string
}

// Each command is a process of its own: on a busy machine a long walk takes more than the usual 30 s.
vi.setConfig({ testTimeout: 90_000 })

/** Runs a program of the repository in a process of its own. */
function program(
  entry: string,
  args: readonly string[],
  options: { env?: Record<string, string>; stdin?: string } = {},
): Promise<Outcome> {
  return new Promise((done) => {
    const env = { PATH: process.env['PATH'], ...options.env }
    const child = execFile(
      process.execPath,
      [join(ROOT, entry), ...args],
      { cwd: ROOT, env, timeout: 60_000 },
      (error, out, err) => {
        done({ code: error === null ? 0 : Number(error.code ?? 1), out, err })
      },
    )
    child.stdin?.end(options.stdin ?? '')
  })
}

/** What only a browser can do: it talks to the passkey, and a provider sends it back. */
const BROWSERS_ONLY = new Set([
  'logIn.passkeyOptions',
  'logIn.withPasskey',
  'sessions.stepUpOptions',
  'factors.beginPasskey',
  'factors.addPasskey',
  'sso.start',
  'sso.finish',
  'htmlViews.create',
])

describe('what is generated', () => {
  it('is what the registry, the settings and the commands say now', async () => {
    const { code, err } = await program('tools/generate.ts', ['--check'])
    expect(err).toBe('')
    expect(code).toBe(0)
  })

  it('gives every operation of the API a command, and no command an operation that does not exist', () => {
    const used = new Set(commands.flatMap((command) => command.operations))
    const known = [...apiOperations, ...staffApiOperations].map((operation) => operation.id)
    expect(known.filter((id) => !used.has(id) && !BROWSERS_ONLY.has(id))).toEqual([])
    expect([...used].filter((id) => !known.includes(id))).toEqual([])
  })
})

describe.runIf(process.platform === 'linux')('the command line against the whole product', () => {
  let installation: Installation
  let client: Client
  let directory: string

  beforeAll(async () => {
    installation = await startInstallation()
    client = createClient({ baseUrl: installation.apiUrl, apiKey: installation.apiKey })
    directory = mkdtempSync(join(tmpdir(), 'bulkhead-cli-'))
  })

  afterAll(async () => {
    rmSync(directory, { recursive: true, force: true })
    await installation?.[Symbol.asyncDispose]()
  })

  const bulkhead = (args: readonly string[], stdin?: string): Promise<Outcome> =>
    program('cli/src/main.ts', args, {
      env: { BULKHEAD_DATA: installation.dataDirectory },
      ...(stdin === undefined ? {} : { stdin }),
    })
  const json = async (args: readonly string[], stdin?: string) => {
    const outcome = await bulkhead([...args, '--json'], stdin)
    expect(outcome, args.join(' ')).toMatchObject({ code: 0, err: '' })
    return JSON.parse(outcome.out)
  }

  it('sends a first mail without any settings, waits for it and finds it in the inbox', async () => {
    const sent = await bulkhead([
      'send',
      '--from',
      installation.from,
      '--to',
      'ann@example.com',
      '--subject',
      'Hello',
      '--text',
      'First mail',
      '--tag',
      'first',
      '--wait',
    ])
    expect(sent.err).toContain('Accepted as msg_')
    expect(sent.out).toMatch(/accepted[\s\S]*delivered.*ann@example\.com/)
    expect(sent.code).toBe(0)

    const [message] = (await json(['messages', 'list', '--tag', 'first'])).data
    expect(message).toMatchObject({ subject: 'Hello', states: { delivered: 1 } })
    expect((await bulkhead(['messages', 'show', message.id])).out).toContain('TIMELINE')
    expect((await bulkhead(['messages', 'content', message.id])).out).toContain('First mail')

    const [mail] = (await json(['inbox', 'list', '--message', message.id])).data
    const shown = await bulkhead(['inbox', 'show', mail.id, '--headers'])
    expect(shown.out).toContain('First mail')
    expect(shown.out).toMatch(/DKIM-Signature/i)
    expect((await bulkhead(['inbox', 'source', mail.id])).out).toContain('Subject: Hello')
  })

  it('tells why a mail bounced, by which rule, with the dialogue, and why its address gets no more', async () => {
    const address = 'bounce+cli@simulator.bulkhead.test'
    const mail = ['send', '--from', installation.from, '--to', address, '--subject', 'Gone', '--text', 'x']
    const sent = await bulkhead([...mail, '--wait'])
    expect(sent.code).toBe(1)
    const [message] = (await json(['messages', 'list', '--recipient', address])).data
    const { out } = await bulkhead(['messages', 'show', message.id, '--transcript'])
    expect(out).toContain('class recipient: there is no such mailbox (rule status:1.1), at the simulator')
    expect(out).toMatch(/C: RCPT TO:<recipient>[^]*S: 550 5\.1\.1/)
    expect((await bulkhead(['messages', 'show', message.id])).out).not.toContain('RCPT TO')
    const why = await bulkhead(['suppressions', 'explain', address])
    expect(why.out).toContain('550 5.1.1')
    expect(why.out).not.toContain('RCPT TO')
  })

  it('sends MIME from standard input, and later, and changes its mind', async () => {
    const mime = `From: ${installation.from}\nTo: bob@example.com\nSubject: Raw\n\nAs it is\n`
    const sent = await json(['send'], mime)
    const scheduled = await json([
      'send',
      '--from',
      installation.from,
      '--to',
      'carl@example.com',
      '--subject',
      'Later',
      '--text',
      'x',
      '--send-at',
      '2h',
    ])
    expect(scheduled.recipients[0].state).toBe('scheduled')
    expect(await json(['messages', 'reschedule', scheduled.id, '--send-at', '3h'])).toMatchObject({
      rescheduled: 1,
    })
    expect(await json(['messages', 'cancel', scheduled.id])).toMatchObject({ cancelled: 1 })
    expect((await json(['messages', 'show', sent.id, '--follow'])).recipients[0].state).toBe('delivered')
  })

  it('sends a file of messages with an outcome for each line', async () => {
    const path = join(directory, 'batch.jsonl')
    const line = (to: string) =>
      JSON.stringify({ from: installation.from, to, subject: 'Batch', text: 'x', lane: 'bulk' })
    writeFileSync(
      path,
      [line('d1@example.com'), line('not an address'), '', line('d2@example.com')].join('\n'),
    )
    const first = await bulkhead(['messages', 'send-batch', path, '--idempotency-key', 'k1'])
    expect(first.code).toBe(1)
    expect(first.out).toMatch(/Accepted 2 of 3/)
    expect(first.out).toMatch(/\n *2 {2}/)
    await bulkhead(['messages', 'send-batch', path, '--idempotency-key', 'k1'])
    await installation.untilSettled(20_000)
    const { data } = await json(['messages', 'list', '--lane', 'bulk'])
    expect(data).toHaveLength(2)
  })

  it('names the field and the fix when the server refuses, with code 1', async () => {
    const refused = await bulkhead([
      'send',
      '--from',
      'a@elsewhere.test',
      '--to',
      'ann@example.com',
      '--subject',
      'x',
      '--text',
      'x',
    ])
    expect(refused.code).toBe(1)
    expect(refused.err).toMatch(/sender_refused, HTTP 403, request /)
    expect(refused.err).toContain('bulkhead domains list')
  })

  it('tails events live; the stream resumed behind any event yields exactly what the pull feed has', async () => {
    const tail = (extra: readonly string[]) => {
      const child = spawn(process.execPath, [join(ROOT, 'cli/src/main.ts'), 'messages', 'tail', ...extra], {
        env: { PATH: process.env['PATH'], BULKHEAD_DATA: installation.dataDirectory },
        stdio: ['ignore', 'pipe', 'pipe'],
      })
      const text = { out: '', err: '' }
      child.stdout.on('data', (chunk: Buffer) => (text.out += chunk.toString()))
      child.stderr.on('data', (chunk: Buffer) => (text.err += chunk.toString()))
      return { child, text }
    }
    const first = tail([])
    await until('the connection', 20_000, () => first.text.err.includes('Connected'))
    const { id } = await client.messages.send({
      from: installation.from,
      to: 'eve@example.com',
      subject: 'Live',
      text: 'x',
    })
    await until(
      'the events',
      20_000,
      () => first.text.out.includes('delivered') && first.text.out.includes(id),
    )
    first.child.kill('SIGINT')
    expect((await once(first.child, 'exit'))[0]).toBe(0)

    const all: string[] = []
    for await (const event of client.events.listAll({ limit: 2 })) all.push(event.id)
    const start = await client.events.list({ limit: 1 })
    const streamed: string[] = []
    const abort = new AbortController()
    const stream = client.events.stream({ signal: abort.signal, lastEventId: start.nextCursor ?? '' })
    for await (const event of stream) {
      if (streamed.push(event.data.id) === all.length - 1) abort.abort()
    }
    expect(streamed).toEqual(all.slice(1))
  })

  it('manages domains, senders, suppressions, keys and SMTP credentials by their names', async () => {
    expect(await json(['domains', 'add', 'shop.test'])).toMatchObject({
      name: 'shop.test',
      state: 'verified',
    })
    expect((await bulkhead(['domains', 'show', 'shop.test'])).out).toContain('DNS RECORDS TO PUBLISH')
    expect((await bulkhead(['domains', 'check', 'shop.test'])).code).toBe(0)
    expect(await json(['links', 'add', 'links.shop.test'])).toMatchObject({ state: 'pending' })
    expect((await bulkhead(['links', 'check', 'links.shop.test'])).code).toBe(0)
    expect((await bulkhead(['links', 'list'])).out).toContain('links.shop.test')
    expect((await bulkhead(['links', 'remove', 'nothing.shop.test'])).err).toContain('bulkhead links list')
    await json(['links', 'remove', 'links.shop.test'])
    expect(await json(['tracking', 'set', '--clicks', 'on', '--opens', 'never'])).toEqual({
      opens: 'never',
      clicks: 'on',
      critical: false,
    })
    expect((await bulkhead(['tracking', 'show'])).out).toContain('never')
    await json(['tracking', 'set', '--clicks', 'off', '--opens', 'off'])
    await json(['senders', 'add', 'hello@shop.test', '--name', 'Shop'])
    expect((await bulkhead(['senders', 'list'])).out).toContain('hello@shop.test')
    await json(['senders', 'remove', 'hello@shop.test'])
    await json(['domains', 'remove', 'shop.test'])

    const csv = join(directory, 'list.csv')
    writeFileSync(
      csv,
      `email,reason,note\n${Array.from({ length: 40 }, (_, index) => `p${index}@example.com,complaint,`).join('\n')}\nnonsense,,\n`,
    )
    const imported = await bulkhead(['suppressions', 'import', csv])
    expect(imported).toMatchObject({ code: 1, out: expect.stringContaining('Imported 40 of 41') })
    expect(imported.out).toMatch(/42 {2}the address /)
    expect((await bulkhead(['suppressions', 'explain', 'p7@example.com'])).out).toContain('as spam')
    expect(await json(['suppressions', 'change', 'p8@example.com', '--scope', 'bulk'])).toMatchObject({
      scope: 'bulk',
    })
    expect((await bulkhead(['suppressions', 'imports'])).out).toContain('done')
    expect(
      (await bulkhead(['suppressions', 'export', '--reason', 'complaint'])).out.trim().split('\n'),
    ).toHaveLength(41)
    expect(await json(['suppressions', 'show', 'p7@example.com'])).toMatchObject({
      email: 'p7@example.com',
      reason: 'complaint',
    })
    await json(['suppressions', 'remove', 'p7@example.com'])
    expect((await bulkhead(['suppressions', 'show', 'p7@example.com'])).code).toBe(2)

    const key = await json(['keys', 'create', '--name', 'reader', '--scope', 'messages:read'])
    const limited = await bulkhead(['domains', 'list', '--url', installation.apiUrl, '--key', key.key])
    expect(limited).toMatchObject({ code: 1, err: expect.stringContaining('missing_scope') })
    await json(['keys', 'revoke', key.id])
    const credential = await json(['smtp-credentials', 'create', '--name', 'wordpress'])
    expect(credential.password.length).toBeGreaterThan(10)
    await json(['smtp-credentials', 'revoke', credential.id])
    expect((await bulkhead(['smtp-credentials', 'list'])).out).toContain('revoked')
  })

  it('streams every event once across a kill -9 of the api process', async () => {
    const seen: string[] = []
    const abort = new AbortController()
    const states: string[] = []
    const reading = (async () => {
      const stream = client.events.stream({
        signal: abort.signal,
        onConnection: (state) => states.push(state),
      })
      for await (const event of stream) seen.push(`${event.data.messageId} ${event.type}`)
    })()
    const send = async (to: string) =>
      (await client.messages.send({ from: installation.from, to, subject: 'Live', text: 'x' })).id
    const complete = (id: string) => () =>
      seen.includes(`${id} message.accepted`) && seen.includes(`${id} message.delivered`)
    await until('the connection', 20_000, () => states.length === 1)
    const first = await send('gil@example.com')
    await until('the first events', 20_000, complete(first))
    installation.kill('api')
    await until('the loss', 20_000, () => states.includes('lost'))
    await installation.untilReady()
    const second = await send('hal@example.com')
    await until('the later events', 20_000, complete(second))
    abort.abort()
    await reading
    expect(new Set(seen).size).toBe(seen.length)
  })

  it('is described by the document that the server hands out: the one the client was made from', async () => {
    const served: unknown = await (await fetch(`${installation.apiUrl}/v1/openapi.json`)).json()
    const kept: unknown = JSON.parse(readFileSync(join(ROOT, 'sdk/src/generated/openapi.json'), 'utf8'))
    expect(served).toEqual(kept)
  })

  it('manages webhooks and shows what became of their deliveries', async () => {
    const received: string[] = []
    const server = createServer((request, response) => {
      received.push(String(request.headers['webhook-id']))
      request.resume()
      response.writeHead(204).end()
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`
    try {
      const hook = await json(['webhooks', 'add', url, '--event', 'message.delivered'])
      expect(hook.secret).toMatch(/^whsec_/)
      const delivery = await json(['webhooks', 'test', hook.id])
      await until('the test event', 20_000, () => received.includes(delivery.id))
      await until(
        'its record',
        20_000,
        async () => (await json(['webhooks', 'deliveries', hook.id, '--state', 'delivered'])).data.length > 0,
      )
      await json(['webhooks', 'replay', hook.id, delivery.id])
      await until('the replay', 20_000, () => received.filter((id) => id === delivery.id).length === 2)
      expect((await json(['webhooks', 'rotate-secret', hook.id])).secret).not.toBe(hook.secret)
      expect((await json(['webhooks', 'update', hook.id, '--disable'])).state).toBe('disabled')
      expect((await bulkhead(['webhooks', 'list'])).out).toContain('disabled')
      await json(['webhooks', 'remove', hook.id])
    } finally {
      server.close()
    }
  })

  it('shows the operator the workspaces, with a key of its own', async () => {
    const created = await json(['workspaces', 'create', '--name', 'Second'])
    expect((await bulkhead(['workspaces', 'list'])).out).toContain('Second')
    const own = await json(['workspaces', 'show', '--url', installation.apiUrl, '--key', created.apiKey.key])
    expect(own.id).toBe(created.workspace.id)
  })

  it('prints the data inventory from the schema, as text and as JSON', async () => {
    const { out } = await bulkhead(['inventory'])
    expect(out).toMatch(/^public\.sender .*business .*read by api$/m)
    expect(out).toMatch(/sealed_email +personal, sealed +content/)
    const inventory = await json(['inventory'])
    expect(inventory.tables.length).toBeGreaterThan(25)
  })

  it('lets the operator add staff, staff contain, two of them lift, and anyone end what was made', async () => {
    const [ann, bob] = [
      await json(['staff', 'add', '--label', 'ann-7']),
      await json(['staff', 'add', '--label', 'bob-2']),
    ]
    const as = (member: { key: string }, ...args: string[]) => json(['staff', ...args, '--key', member.key])
    const second = await json(['workspaces', 'create', '--name', 'Third'])
    const id = second.workspace.id
    expect((await as(ann, 'workspaces')).data.map((row: { name: string }) => row.name)).toContain('Third')
    expect((await bulkhead(['staff', 'processes', '--key', ann.key])).out).toMatch(/staff .* yes/)
    expect((await as(ann, 'queue', '--workspace', id)).data).toEqual([])
    expect((await as(ann, 'preview', '--workspace', id)).data).toHaveLength(4)

    const made = await as(ann, 'contain', '--workspace', id, '--capability', 'send', '--reason', 'A drill')
    const send = () =>
      createClient({ baseUrl: installation.apiUrl, apiKey: second.apiKey.key })
        .messages.send({ from: 'a@example.test', to: 'b@example.com', subject: 'x', text: 'x' })
        .then(String, String)
    await until('the containment', 5_000, async () => (await send()).includes('A drill'))
    expect((await bulkhead(['staff', 'containments', '--key', bob.key])).out).toContain(made.id)
    await as(ann, 'request-lift', made.id, '--reason', 'Over')
    expect((await bulkhead(['staff', 'lift', made.id, '--reason', 'Over', '--key', ann.key])).code).toBe(1)
    await as(bob, 'lift', made.id, '--reason', 'Over')

    await json(['staff', 'revoke', bob.id])
    expect((await bulkhead(['staff', 'queue', '--key', bob.key])).code).toBe(1)
    const key = ['--url', installation.apiUrl, '--key', second.apiKey.key]
    const other = await json(['keys', 'create', '--name', 'x', ...key])
    await as(ann, 'revoke-credential', other.id, '--reason', 'A drill')
    expect((await json(['keys', 'list', ...key])).data[0].revokedAt).not.toBeNull()
    await json(['epochs', 'bump', '--class', 'smtp_credential', '--reason', 'A drill', ...key])
    expect((await bulkhead(['epochs', 'list', ...key])).out).toContain('A drill')
    await as(ann, 'bump', '--workspace', id, '--class', 'any', '--reason', 'A drill')
    expect((await bulkhead(['workspaces', 'show', ...key])).code).toBe(1)
    expect((await bulkhead(['staff', 'list'])).out).toMatch(/bob-2.*revoked/)
  }, 120_000)

  it('sums up: status, queue and a ledger that balances', async () => {
    await installation.untilSettled(20_000)
    const status = await bulkhead(['status'])
    expect(status).toMatchObject({ code: 0, err: '' })
    for (const kind of ['api', 'smtp', 'sender', 'worker', 'staff', 'keyring'])
      expect(status.out).toMatch(new RegExp(`${kind} +ready`))
    const ledger = await bulkhead(['ledger'])
    expect(ledger).toMatchObject({ code: 0, out: expect.stringContaining('The ledger balances') })
    expect((await bulkhead(['queue'])).code).toBe(0)
    expect((await bulkhead(['inbox', 'clear'])).code).toBe(0)
  })
})
