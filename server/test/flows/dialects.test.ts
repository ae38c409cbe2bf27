import PostalMime from 'postal-mime'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { UNSUBSCRIBE_PLACEHOLDER } from '../../src/platform/templates/index.ts'
import { startAudit } from '../support/audit.ts'
import { startApi } from './api-fixture.ts'
import type { Answer, ApiFixture } from './api-fixture.ts'
import { eventually, sendingWorkspace, startRelayingEngine, startTestSink } from './engine-fixture.ts'
import type { TestWorkspace } from './engine-fixture.ts'

// Bombs take half a second of work each: on a busy machine that is many seconds.
vi.setConfig({ testTimeout: 120_000 })

let api: ApiFixture
let audit: AsyncDisposable
let sink: Awaited<ReturnType<typeof startTestSink>>
let engine: Awaited<ReturnType<typeof startRelayingEngine>>

beforeAll(async () => {
  api = await startApi()
  audit = startAudit(api.database)
  sink = await startTestSink()
  engine = await startRelayingEngine(api, sink)
}, 60_000)
afterAll(async () => {
  await engine[Symbol.asyncDispose]()
  await sink[Symbol.asyncDispose]()
  await audit[Symbol.asyncDispose]()
  await api[Symbol.asyncDispose]()
})

const HOSTILE = '<a href=//evil.example>"\'&\r\nBcc: eve@evil.example\r\n\r\n{{order}} {{{order}}} *|ORDER|*'

/** One mail in each dialect, and what fills it. */
const MAILS = {
  liquid: {
    subject: 'Order {{ order }} for {{ name }}',
    html: '<h1 title="{{ name }}">{{ name }}</h1>{% for i in items %}<li>{{ i }}</li>{% endfor %}',
    text: 'Hello {{ name }}',
    data: { name: HOSTILE, order: 7, items: ['Grüße', 'Tea & cake'] },
  },
  'sendgrid-handlebars': {
    subject: 'Order {{order}} for {{{name}}}',
    html: '<h1 title="{{name}}">{{name | you}}</h1>{{#each items}}<li>{{this}}</li>{{/each}}{{#greaterThan 0 length items}}!{{/greaterThan}}',
    text: 'Hello {{name}}',
    data: { name: HOSTILE, order: 7, items: ['Grüße', 'Tea & cake'] },
  },
  'mandrill-handlebars': {
    subject: 'Order {{order}} for {{name}}',
    html: '<h1 title="{{name}}">{{upper name}}</h1>{{#items}}<li>{{this}}</li>{{/items}}{{#if `order > 9`}}x{{elseif items}}!{{/if}}',
    text: 'Hello {{name}}',
    data: { name: HOSTILE, order: 7, items: ['Grüße', 'Tea & cake'] },
  },
  'merge-tags': {
    subject: 'Order *|ORDER|* for *|NAME|*',
    html: '<h1 title="*|NAME|*">*|TITLE:NAME|*</h1>*|IF:ORDER > 5|*<li>*|ITEM|*</li>*|END:IF|*',
    text: 'Hello *|NAME|*',
    data: { name: HOSTILE, order: 7, item: 'Grüße' },
  },
  resend: {
    subject: 'Order {{{order}}} for {{{name}}}',
    html: '<h1 title="{{{name}}}">{{{name}}}</h1><li>{{{item|Grüße}}}</li>',
    text: 'Hello {{{name}}}',
    data: { name: HOSTILE, order: 7 },
  },
  'sendgrid-legacy': {
    subject: 'Order -order- for -name-',
    html: '<h1>-order-</h1><li>-greeting-</li>',
    text: 'Hello -name-',
    data: {
      substitutions: { '-order-': '7', '-name-': HOSTILE, '-greeting-': ':long' },
      sections: { ':long': 'Grüße, -order-' },
    },
  },
} as const
type Dialect = keyof typeof MAILS
const DIALECTS = Object.keys(MAILS).filter((name): name is Dialect => name in MAILS)

const ok = async (workspace: TestWorkspace, path: string, body: unknown): Promise<Answer['body']> => {
  const answer = await api.call(workspace.key, 'POST', path, body)
  expect(answer.status, answer.text).toBeLessThan(300)
  return answer.body
}
const send = (workspace: TestWorkspace, over: Record<string, unknown>): Promise<Answer> =>
  api.call(workspace.key, 'POST', '/v1/messages', { from: workspace.from, to: 'ann@there.example', ...over })

async function delivered(workspace: TestWorkspace, id: string) {
  await workspace.ended(id)
  const { messageIdHeader } = await workspace.get(id)
  const raw = await eventually(
    () => sink.messages().find((kept) => kept.raw.includes(messageIdHeader))?.raw,
    'the message in the sink',
  )
  return { ...(await PostalMime.parse(raw)), raw: raw.toString() }
}

const lines = (text: string | undefined): string => (text ?? '').replaceAll('\r\n', '\n').trimEnd()

describe.each(DIALECTS)('a mail in %s', (dialect) => {
  const { data, ...content } = MAILS[dialect]

  it('arrives as its preview showed it, from a template and with its own source, whatever the data holds', async () => {
    const workspace = await sendingWorkspace(api)
    const { id } = await ok(workspace, '/v1/templates', { name: 'x', alias: 'x', dialect, ...content })
    const published = await ok(workspace, `/v1/templates/${id}/versions/1/publish`, {})
    expect(published.active).toMatchObject({ dialect, ...content })
    const preview = await ok(workspace, '/v1/templates/preview', { templateId: id, data })
    expect(preview, JSON.stringify(preview.problems)).toMatchObject({ ok: true })
    expect(preview).toMatchObject({
      ...(await ok(workspace, '/v1/templates/preview', { dialect, ...content, data })),
      templateId: id,
      version: 1,
    })
    const sent = [
      await send(workspace, { template: { id: 'x', data } }),
      await send(workspace, { ...content, fill: { dialect, data } }),
    ]
    for (const { status, body, text } of sent) {
      expect(status, text).toBe(202)
      const mail = await delivered(workspace, body.id)
      expect(mail.subject).toBe(preview.subject)
      expect(lines(mail.html)).toBe(lines(preview.html))
      expect(lines(mail.text)).toBe(lines(preview.text))
      expect(mail.bcc ?? []).toEqual([])
      expect(mail.raw.split('\r\n\r\n')[0]).not.toMatch(/^Bcc:/im)
    }
    expect(preview.subject).toContain('Order 7 for <a href=//evil.example>')
    expect(preview.text).toContain('Hello <a href=//evil.example>')
    if (dialect !== 'sendgrid-legacy') expect(preview.html).not.toContain('<a')
    expect(preview.html).toContain('<li>Gr')
  })

  it('of hundreds in a batch is filled for each with its own data', async () => {
    const workspace = await sendingWorkspace(api)
    const messages = Array.from({ length: 300 }, (_, number) => ({
      from: workspace.from,
      to: `somebody${number}@there.example`,
      ...content,
      fill: {
        dialect,
        data:
          dialect === 'sendgrid-legacy'
            ? { substitutions: { '-order-': `${number}`, '-name-': 'Ann' } }
            : { ...data, name: 'Ann', order: number },
      },
    }))
    const { accepted, data: outcomes } = await ok(workspace, '/v1/messages/batch', { messages })
    expect(accepted).toBe(300)
    for (const at of [0, 150, 299]) {
      const { message } = outcomes[at]
      expect(await workspace.get(message.id)).toMatchObject({ subject: `Order ${at} for Ann` })
    }
  })
})

describe('a source that its vendor would render otherwise', () => {
  it('is refused with the place, in previews, in publishing and in sending, and nothing is accepted', async () => {
    const workspace = await sendingWorkspace(api)
    const content = { subject: 's', text: 'a\n{{#if a}}A{{elseif b}}B{{/if}}' }
    const dialect = 'sendgrid-handlebars'
    const preview = await ok(workspace, '/v1/templates/preview', { dialect, ...content })
    const message = expect.stringContaining('{{else if …}}')
    expect(preview).toMatchObject({
      ok: false,
      text: null,
      problems: [{ code: 'unknown_helper', message, line: 2, column: 11 }],
    })
    const { id } = await ok(workspace, '/v1/templates', { name: 'x', dialect, ...content })
    const refused = await api.call(workspace.key, 'POST', `/v1/templates/${id}/versions/1/publish`, {})
    expect(refused.body).toMatchObject({
      code: 'template_failed',
      errors: [{ field: 'text', line: 2, column: 11 }],
    })
    const filled = await send(workspace, { ...content, fill: { dialect } })
    expect(filled.status).toBe(422)
    expect(filled.body).toMatchObject({
      code: 'template_failed',
      errors: [{ field: 'text', line: 2, column: 11, problem: message }],
    })
    expect((await api.call(workspace.key, 'GET', '/v1/messages')).body.data).toEqual([])
  })
})

describe('a version', () => {
  it('is written in the dialect of the one before, unless it names another', async () => {
    const workspace = await sendingWorkspace(api)
    const { id } = await ok(workspace, '/v1/templates', {
      name: 'x',
      dialect: 'merge-tags',
      subject: '*|A|*',
      text: 't',
    })
    const path = `/v1/templates/${id}/versions`
    const second = await ok(workspace, path, { subject: '*|B|*', text: 't' })
    const third = await ok(workspace, path, { subject: '{{ b }}', text: 't', dialect: 'liquid' })
    const fourth = await ok(workspace, path, { subject: '{{ c }}', text: 't' })
    expect([second, third, fourth].map((version) => version.dialect)).toEqual([
      'merge-tags',
      'liquid',
      'liquid',
    ])
    const changed = await api.call(workspace.key, 'PATCH', `${path}/4`, { dialect: 'sendgrid-handlebars' })
    expect(changed.body).toMatchObject({ dialect: 'sendgrid-handlebars', subject: '{{ c }}' })
    expect(changed.body.hash).not.toBe(fourth.hash)
    const copy = await ok(workspace, `/v1/templates/${id}/duplicate`, {})
    expect(await api.call(workspace.key, 'GET', `/v1/templates/${copy.id}/versions/1`)).toMatchObject({
      body: { dialect: 'sendgrid-handlebars' },
    })
  })

  it('may declare variables: what is used in their place, and what they are', async () => {
    const workspace = await sendingWorkspace(api)
    const variables = [
      { name: 'PRODUCT', type: 'string', fallback: 'item' },
      { name: 'PRICE', type: 'number' },
    ]
    const content = { subject: '{{{PRODUCT}}}', html: '<b>{{{PRODUCT}}}</b>', text: '{{{PRICE}}}' }
    const { id } = await ok(workspace, '/v1/templates', {
      name: 'x',
      dialect: 'resend',
      ...content,
      variables,
    })
    const { active } = await ok(workspace, `/v1/templates/${id}/versions/1/publish`, {})
    expect(active.variables).toEqual([{ ...variables[0] }, { ...variables[1], fallback: null }])
    const sent = await send(workspace, { template: { id, data: { PRICE: 25 } } })
    expect(sent.status, sent.text).toBe(202)
    expect(await workspace.get(sent.body.id)).toMatchObject({ subject: 'item' })
    const preview = await ok(workspace, '/v1/templates/preview', {
      dialect: 'resend',
      ...content,
      variables,
      data: { PRICE: '1' },
    })
    expect(preview).toMatchObject({ ok: false, subject: 'item', problems: [{ code: 'wrong_type' }] })
    const none = await send(workspace, { template: { id } })
    expect(none.body).toMatchObject({
      code: 'template_failed',
      errors: [{ problem: 'The data holds no "PRICE".' }],
    })
    const wrong = await send(workspace, { template: { id, data: { PRICE: '25' } } })
    expect(wrong.body).toMatchObject({
      code: 'template_failed',
      errors: [{ problem: 'The variable "PRICE" is to be a number.' }],
    })
    const twice = await api.call(workspace.key, 'POST', '/v1/templates', {
      name: 'y',
      ...content,
      variables: [variables[0], variables[0]],
    })
    expect(twice.status).toBe(400)
  })
})

describe('a message that brings its own source', () => {
  it('may be sensitive, and keeps nothing of its data that anybody could read', async () => {
    const workspace = await sendingWorkspace(api)
    const sent = await send(workspace, {
      subject: 'Code {{code}}',
      text: '{{code}}',
      fill: { dialect: 'mandrill-handlebars', data: { code: 'S3CRET-77' } },
      sensitive: true,
    })
    expect(sent.status, sent.text).toBe(202)
    const shown = await workspace.get(sent.body.id)
    expect(JSON.stringify(shown)).not.toContain('S3CRET-77')
    expect((await delivered(workspace, sent.body.id)).subject).toBe('Code S3CRET-77')
  })

  it('has its regions filled by the same rendering as its preview', async () => {
    const workspace = await sendingWorkspace(api)
    const content = { subject: 's', html: '<div mc:edit="main">x</div><p>*|NAME|*</p>' }
    const editable = [{ name: 'main', content: '<b>*|NAME|*</b>' }]
    const fill = { dialect: 'merge-tags', data: { NAME: 'A&B' }, editable }
    const preview = await ok(workspace, '/v1/templates/preview', { ...content, ...fill })
    expect(preview.html).toBe('<div mc:edit="main"><b>A&amp;B</b></div><p>A&amp;B</p>')
    const sent = await send(workspace, { ...content, fill })
    expect(lines((await delivered(workspace, sent.body.id)).html)).toBe(preview.html)
  })

  it('is said in one way only', async () => {
    const workspace = await sendingWorkspace(api)
    const both = await send(workspace, { template: { id: 'x' }, fill: { data: {} } })
    expect(both.body).toMatchObject({ code: 'invalid_request', errors: [{ field: 'fill' }] })
    const unknown = await send(workspace, { subject: 's', text: 't', fill: { dialect: 'jinja' } })
    expect(unknown.status).toBe(400)
    const large = await send(workspace, {
      subject: 's',
      text: 't',
      fill: { data: { a: 'x'.repeat(300_000) } },
    })
    expect(large.body).toMatchObject({ errors: [{ field: 'fill.data' }] })
  })

  it('holds the page where the recipient unsubscribes, where its vendor has a tag for it', async () => {
    const workspace = await sendingWorkspace(api)
    const sent = await send(workspace, {
      subject: 's',
      html: '<a href="*|UNSUB:http://after.example|*">x</a>',
      fill: { dialect: 'merge-tags' },
      lane: 'bulk',
    })
    const mail = await delivered(workspace, sent.body.id)
    const listed = /<(http[^>]+)>/.exec(
      mail.headers.find(({ key }) => key === 'list-unsubscribe')?.value ?? '',
    )?.[1]
    expect(listed).toBeDefined()
    expect(mail.html).not.toContain(UNSUBSCRIBE_PLACEHOLDER)
    expect(mail.html).toContain(listed)
  })

  it('with a bomb ends with a problem for itself alone', async () => {
    const workspace = await sendingWorkspace(api)
    const other = await sendingWorkspace(api)
    const list = Array.from({ length: 3_000 }, () => 1)
    const bombs = [
      {
        text: '{{#each l}}{{#each @root.l}}{{#each @root.l}}{{#each @root.l}}{{/each}}{{/each}}{{/each}}{{/each}}',
        fill: { dialect: 'sendgrid-handlebars', data: { l: list } },
      },
      { text: '{{a}}'.repeat(150_000), fill: { dialect: 'mandrill-handlebars' } },
      {
        text: 'a'.repeat(10_000),
        fill: {
          dialect: 'sendgrid-legacy',
          data: { substitutions: { a: 'b'.repeat(5_000) }, sections: { b: 'c'.repeat(9_000) } },
        },
      },
      { text: '*|A|*'.repeat(200_000), fill: { dialect: 'merge-tags', data: { A: 'x'.repeat(1_000) } } },
    ]
    const [calm, ...hit] = await Promise.all([
      send(other, {
        subject: '{{a}}',
        text: 't',
        fill: { dialect: 'sendgrid-handlebars', data: { a: 'calm' } },
      }),
      ...bombs.map((bomb) => send(workspace, { subject: 's', ...bomb })),
    ])
    expect(calm?.status, calm?.text).toBe(202)
    for (const answer of hit)
      expect(answer.body, answer.text).toMatchObject({ code: 'template_failed', status: 422 })
  })
})
