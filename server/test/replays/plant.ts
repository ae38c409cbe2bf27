import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { until } from '../constellation/installation.ts'
import type { Installation } from '../constellation/installation.ts'
import type { JournallingSink } from '../constellation/sink.ts'
import type { Canaries } from './canaries.ts'

/** How many of what is planted. */
export interface Amounts {
  readonly messages: number
  readonly sensitive: number
  readonly submitted: number
  readonly suppressions: number
  readonly contacts: number
  readonly senders: number
  /** At most 45: a workspace has at most 50 endpoints. */
  readonly webhooks: number
  readonly keys: number
}

export const MANY: Amounts = {
  messages: 850,
  sensitive: 150,
  submitted: 150,
  suppressions: 150,
  contacts: 100,
  senders: 100,
  webhooks: 45,
  keys: 60,
}

/** What is planted becomes mail, settings and secrets; all of it through the doors that customers use. */
export async function plant(
  installation: Installation,
  sink: JournallingSink,
  canaries: Canaries,
  amounts: Amounts,
): Promise<void> {
  const domain = installation.from.slice(installation.from.indexOf('@') + 1)
  await quoteAddresses(sink, canaries)
  await repeat(amounts.senders, async () => {
    await post(installation, '/v1/senders', {
      email: `${canaries.make('sender address')}@${domain}`,
      name: `Ann ${canaries.make('sender name')}`,
      replyTo: `${canaries.make('reply-to')}@${domain}`,
    })
  })
  await repeat(amounts.suppressions, async () => {
    await post(installation, '/v1/suppressions', {
      email: `${canaries.make('suppressed address')}@reader.test`,
      note: `called ${canaries.make('suppression note')}`,
    })
  })
  await plantAudience(installation, canaries, amounts.contacts)
  await repeat(amounts.webhooks, async () => {
    const made = await post(installation, '/v1/webhooks', {
      url: `https://hooks.example.com/${canaries.make('webhook URL')}`,
      eventTypes: ['message.held'],
    })
    canaries.adopt('webhook secret', made.secret.slice('whsec_'.length))
    const rotated = await post(installation, `/v1/webhooks/${made.id}/rotate-secret`, {})
    canaries.adopt('webhook secret', rotated.secret.slice('whsec_'.length))
  })
  await repeat(amounts.keys, async () => {
    const key = await post(installation, '/v1/api-keys', { name: 'shop', scopes: ['messages:read'] })
    canaries.adopt('API key', key.key.split('_')[2])
    const credential = await post(installation, '/v1/smtp-credentials', { name: 'shop' })
    canaries.adopt('SMTP password', credential.password)
  })
  await repeat(amounts.messages, (number) => sendOne(installation, canaries, domain, number))
  await repeat(amounts.sensitive, async () => {
    await post(installation, '/v1/messages', {
      from: installation.from,
      to: `${canaries.make('sensitive address')}@reader.test`,
      subject: `Your code ${canaries.make('sensitive subject')}`,
      text: `https://shop.test/reset?token=${canaries.make('sensitive token')}`,
      html: `<a href="https://shop.test/reset?token=${canaries.make('sensitive token')}">reset</a>`,
      sensitive: true,
    })
  })
  await submit(installation, canaries, amounts.submitted)
}

/** Contacts, and a broadcast that goes to them; resolves when it has gone out. */
async function plantAudience(
  installation: Installation,
  canaries: Canaries,
  contacts: number,
): Promise<void> {
  const list = await post(installation, '/v1/lists', { name: 'News' })
  await repeat(contacts, async () => {
    await post(installation, '/v1/contacts', {
      email: `${canaries.make('contact address')}@reader.test`,
      firstName: `Ann ${canaries.make('contact name')}`,
      attributes: { plan: canaries.make('contact attribute') },
      lists: [list.id],
    })
  })
  const { id } = await post(installation, '/v1/broadcasts', {
    name: canaries.make('broadcast name'),
    listId: list.id,
    from: installation.from,
    subject: `News ${canaries.make('broadcast subject')}`,
    text: `Hello {{ first_name }}, ${canaries.make('broadcast text')}`,
  })
  // What renders templates has a line, and on a busy machine it is full at times.
  await until('the broadcast is taken', 60_000, async () => {
    const { status } = await installation.http.call('POST', `/v1/broadcasts/${id}/send`, { body: {} })
    return status === 200
  })
  await until('the broadcast is sent', 60_000, async () => {
    const { body } = await installation.http.call('GET', `/v1/broadcasts/${id}`)
    return body.state === 'sent'
  })
}

/** A receiver of webhooks that keeps what it got. */
export async function startHookReceiver(): Promise<AsyncDisposable & { url: string; bodies: Buffer[] }> {
  const bodies: Buffer[] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      bodies.push(Buffer.concat(chunks))
      response.writeHead(204).end()
    })
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    bodies,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((done) => server.close(done))
    },
  }
}

/** The sink refuses twenty recipients and quotes their addresses, as real servers do. */
async function quoteAddresses(sink: JournallingSink, canaries: Canaries): Promise<void> {
  const rules = Array.from({ length: 20 }, () => {
    const address = `bounce-${canaries.make('refused address')}@reader.test`
    return { at: 'rcpt', recipient: address, reply: `550 5.1.1 <${address}> user unknown` }
  })
  await sink.behave({ rules })
}

async function sendOne(
  installation: Installation,
  canaries: Canaries,
  domain: string,
  number: number,
): Promise<void> {
  const refused = canaries.all().filter(({ class: kind }) => kind === 'refused address')[number]
  const token = (kind: string): string => canaries.make(kind)
  await post(
    installation,
    '/v1/messages',
    {
      from: { email: `shop@${domain}`, name: `Shop ${token('display name')}` },
      to: [
        { email: `${token('address')}@reader.test`, name: `Bob ${token('display name')}` },
        ...(refused === undefined ? [] : [`bounce-${refused.text}@reader.test`]),
      ],
      bcc: `${token('bcc address')}@reader.test`,
      subject: `Order ${token('subject')}`,
      text: `Dear Bob, ${token('body')} is yours.`,
      html: `<p>Dear Bob, ${token('body')} is yours.</p>`,
      headers: { 'X-Order': token('header field') },
      attachments: [
        { filename: 'order.txt', content: Buffer.from(`Order ${token('attachment')}`).toString('base64') },
      ],
      metadata: { order: token('metadata') },
      context: { accountRef: token('account reference'), actorIp: '203.0.113.9' },
      // Every tenth one lies in the queue while the search goes on.
      ...(number % 10 === 9 ? { sendAt: new Date(Date.now() + 3_600_000).toISOString() } : {}),
    },
    { 'idempotency-key': `order-${number}-${token('idempotency key')}` },
  )
}

async function submit(installation: Installation, canaries: Canaries, count: number): Promise<void> {
  if (count === 0) return
  await using wire = await installation.openSmtp()
  for (let i = 0; i < count; i++) {
    const to = `${canaries.make('address')}@reader.test`
    const body = Buffer.from(
      `Hello, ${canaries.make('body')} and ${'words '.repeat(30)}${canaries.make('body')}`,
    )
    const content = [
      `From: Shop <${installation.from}>`,
      `To: <${to}>`,
      `Subject: ${canaries.make('subject')}`,
      'MIME-Version: 1.0',
      'Content-Type: text/plain; charset=utf-8',
      `Content-Transfer-Encoding: base64`,
      '',
      body.toString('base64').replaceAll(/.{76}/g, '$&\r\n'),
      '',
    ].join('\r\n')
    const answer = await wire.send(installation.from, [to], content)
    if (answer.code !== 250) throw new Error(`submission: ${answer.text}`)
  }
}

async function post(
  installation: Installation,
  path: string,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
  // oxlint-disable-next-line typescript/no-explicit-any -- answers are looked into by tests only
): Promise<any> {
  const answer = await installation.http.call('POST', path, { body, headers })
  if (answer.status >= 300) throw new Error(`POST ${path}: ${answer.status} ${answer.text}`)
  return answer.body
}

const AT_ONCE = 12

/** Runs work a number of times, twelve at once. */
async function repeat(count: number, work: (number: number) => Promise<void>): Promise<void> {
  let next = 0
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      while (next < count) await work(next++)
    }),
  )
}
