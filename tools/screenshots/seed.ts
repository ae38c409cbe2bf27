import { createServer } from 'node:http'
import { z } from 'zod'
import type { Call, ConsoleRun } from '../../server/test/support/console.ts'
import { seedAudience } from './seed-audience.ts'
import { mailsOfADay } from './seed-mail.ts'

/** What the addresses of single things need. */
export interface Seeded {
  readonly domain: string
  readonly webhook: string
  readonly template: string
  readonly member: string
  readonly delivered: string
  readonly bounced: string
  readonly deferred: string
  readonly sensitive: string
  readonly topic: string
  readonly list: string
  readonly broadcast: string
  readonly route: string
  readonly doorKey: string
}

const Made = z.looseObject({ id: z.string() })
const Batch = z.object({ refused: z.number(), data: z.array(z.unknown()) })
const List = z.looseObject({ data: z.array(z.looseObject({ id: z.string() })) })

/**
 * A workspace as one that has been in use for a while: made by the API and the simulator, as its people would make it. A step that fails is
 * told and left out, so that the pictures of everything else are made.
 */
export async function seed(
  run: ConsoleRun,
  tell: (text: string) => void,
): Promise<{ seeded: Seeded; failures: number } & Disposable> {
  const { api } = run
  let failures = 0
  async function step<T>(name: string, work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work()
    } catch (error) {
      failures += 1
      tell(`not seeded: ${name}: ${error instanceof Error ? error.message : String(error)}`)
      return undefined
    }
  }
  const idOf = async (path: string, body: unknown): Promise<string> =>
    Made.parse(await api(path, { body })).id
  const receiver = await startReceiver()

  const owner = await run.asOwner()
  const analyst = await run.asRole('analyst')
  await step('developer', () => run.asRole('developer'))
  await step('invitation', () =>
    owner.api('/v1/invitations', { body: { email: 'priya@example.com', role: 'marketer' } }),
  )
  const domain = await step('domain', () => idOf('/v1/domains', { name: 'mail.northwind.example' }))
  for (const name of ['northwind.test', 'news.northwind.test'])
    await step(name, () => idOf('/v1/domains', { name }))
  for (const [email, name] of [
    ['orders@northwind.test', 'Northwind orders'],
    ['hello@news.northwind.test', 'The Northwind letter'],
  ])
    await step(`sender ${email}`, () => idOf('/v1/senders', { email, name, replyTo: 'help@northwind.test' }))
  const webhook = await step('webhook', () =>
    idOf('/v1/webhooks', { url: `${receiver.url}/hooks/mail`, description: 'Order service' }),
  )
  await step('failing webhook', () =>
    idOf('/v1/webhooks', {
      url: `${receiver.url}/broken`,
      description: 'Old CRM',
      eventTypes: ['message.bounced', 'message.complained'],
    }),
  )
  const template = await step('template', async () => {
    const id = await idOf('/v1/templates', TEMPLATE)
    await api(`/v1/templates/${id}/versions/1/publish`, { body: {} })
    return id
  })
  await step('second template', () =>
    idOf('/v1/templates', { ...TEMPLATE, name: 'Welcome', alias: 'welcome', subject: 'Welcome, {{ name }}' }),
  )
  for (const [name, scopes] of [
    ['shop', ['messages:send']],
    ['dashboard', ['messages:read', 'operations:read', 'workspace:read']],
  ] as const)
    await step(`key ${name}`, () => idOf('/v1/api-keys', { name, scopes }))
  const doorKey = await step('key of a door', () =>
    idOf('/v1/api-keys', { name: 'old shop, SendGrid', scopes: ['messages:send'], door: 'sendgrid' }),
  )
  const { topic, list, broadcast } = await seedAudience(step, api, idOf)
  const route = await step('inbound route', () =>
    idOf('/v1/inbound-routes', { hostname: 'replies.northwind.test', url: `${receiver.url}/replies` }),
  )
  await step('SMTP credential', () =>
    idOf('/v1/smtp-credentials', { name: 'wordpress', allowedSenders: ['@northwind.test'] }),
  )
  for (const [email, reason] of [
    ['old.account@example.org', 'manual'],
    ['typo@exmaple.com', 'hard_bounce'],
    ['angry@example.net', 'complaint'],
  ])
    await step(`suppression ${email}`, () => api('/v1/suppressions', { body: { email, reason } }))
  await step('tracking', () => api('/v1/tracking', { method: 'PATCH', body: { opens: 'on', clicks: 'on' } }))
  await step('quotas', () =>
    owner.api('/v1/quotas', {
      method: 'PUT',
      body: {
        limits: [
          { period: 'day', amount: 5_000 },
          { lane: 'bulk', period: 'hour', amount: 1_000 },
        ],
      },
    }),
  )
  const send = (body: object): Promise<string> => idOf('/v1/messages', body)
  await step('mail', async () => {
    const mails = mailsOfADay()
    for (let from = 0; from < mails.length; from += 100) await sendBatch(api, mails.slice(from, from + 100))
  })
  const from = 'Northwind orders <orders@northwind.test>'
  const delivered = await step('delivered', () =>
    send({
      from,
      to: 'Ann Lee <ann@example.com>',
      subject: 'Order 4711 has shipped',
      html: SHIPPED,
      text: 'Hi Ann, your order has shipped.',
      tags: ['orders'],
    }),
  )
  const bounced = await step('bounced', () =>
    send({
      from,
      to: 'bounce+story@simulator.bulkhead.test',
      subject: 'Order 4712 has shipped',
      text: 'Hi!',
    }),
  )
  const deferred = await step('deferred', () =>
    send({ from, to: 'defer+story@simulator.bulkhead.test', subject: 'Order 4713 has shipped', text: 'Hi!' }),
  )
  const sensitive = await step('sensitive', () =>
    send({
      from,
      to: 'ann@example.com',
      subject: 'Your code is 402 118',
      text: '402 118',
      sensitive: true,
      lane: 'critical',
    }),
  )
  const member = await step('member', async () => List.parse(await owner.api('/v1/members')).data.at(-1)?.id)
  await step('queue act', async () => {
    const preview = z
      .looseObject({ token: z.string(), expected: z.number() })
      .parse(await api('/v1/queue/preview', { body: { act: 'hold', filter: { tags: ['winter-sale'] } } }))
    await api('/v1/queue/acts', {
      body: {
        token: preview.token,
        expected: preview.expected,
        reason: 'The price in the first line is wrong',
      },
    })
  })
  await step('alert', () => analyst.api('/v1/account', { method: 'PATCH', body: { name: 'Amelia Park' } }))
  await step('containment', () =>
    api('/v1/containments', {
      body: {
        capabilities: ['send:bulk'],
        hours: 48,
        reason: 'A newsletter went to the wrong list. Bulk mail waits until the list is checked.',
        incident: 'NW-118',
      },
    }),
  )
  await step('settling', async () => {
    const deadlineMs = performance.now() + 30_000
    while (
      performance.now() < deadlineMs &&
      !/"state":"bounced"/.test(JSON.stringify(await api(`/v1/messages/${bounced}`)))
    )
      await new Promise((done) => setTimeout(done, 300))
  })
  const missing = 'missing'
  return {
    seeded: {
      domain: domain ?? missing,
      webhook: webhook ?? missing,
      template: template ?? missing,
      member: member ?? missing,
      delivered: delivered ?? missing,
      bounced: bounced ?? missing,
      deferred: deferred ?? missing,
      sensitive: sensitive ?? missing,
      topic: topic ?? missing,
      list: list ?? missing,
      broadcast: broadcast ?? missing,
      route: route ?? missing,
      doorKey: doorKey ?? missing,
    },
    get failures() {
      return failures
    },
    [Symbol.dispose]: () => receiver.stop(),
  }
}

async function sendBatch(api: Call, messages: readonly object[]): Promise<void> {
  const { refused, data } = Batch.parse(await api('/v1/messages/batch', { body: { messages } }))
  if (refused > 0) throw new Error(`${refused} refused: ${JSON.stringify(data).slice(0, 400)}`)
}

/** Takes webhooks; one address of it is broken. */
async function startReceiver(): Promise<{ readonly url: string; stop(): void }> {
  const server = createServer((request, response) => {
    request.resume()
    request.on('end', () => {
      response
        .writeHead(request.url === '/broken' ? 500 : 200)
        .end(request.url === '/broken' ? 'no database' : 'ok')
    })
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return { url: `http://127.0.0.1:${port}`, stop: () => void server.close() }
}

const SHIPPED = `<!doctype html><html><body style="font-family:sans-serif;color:#1c2430;margin:24px">
<h1 style="font-size:20px">Your order is on its way</h1>
<p>Hi Ann, order <b>4711</b> left our warehouse this morning.</p>
<table cellpadding="6" style="border-collapse:collapse"><tr><td>Wool blanket, sand</td><td align="right">€ 79.00</td></tr>
<tr><td>Shipping</td><td align="right">€ 4.90</td></tr><tr><td><b>Total</b></td><td align="right"><b>€ 83.90</b></td></tr></table>
<p><a href="https://northwind.test/track/4711">Follow the parcel</a></p></body></html>`

const TEMPLATE = {
  name: 'Order shipped',
  alias: 'order-shipped',
  subject: 'Order {{ order.number }} has shipped',
  html: '<h1>Your order is on its way</h1>\n<p>Hi {{ name }}, order <b>{{ order.number }}</b> has left our warehouse.</p>\n<ul>\n{% for item in order.items %}  <li>{{ item.name }}, {{ item.price }}</li>\n{% endfor %}</ul>\n',
  text: 'Hi {{ name }},\n\norder {{ order.number }} has left our warehouse.\n',
  sampleData: { name: 'Ann', order: { number: 4711, items: [{ name: 'Wool blanket', price: '€ 79.00' }] } },
  note: 'First version',
}
