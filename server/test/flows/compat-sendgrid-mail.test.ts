import { gzipSync } from 'node:zlib'
import client from '@sendgrid/client'
import mailer from '@sendgrid/mail'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ApiFixture } from './api-fixture.ts'
import type { TestWorkspace } from './engine-fixture.ts'
import { HELP, startSendGrid } from './sendgrid-mail-world.ts'
import type { SendGridWorld } from './sendgrid-mail-world.ts'

let world: SendGridWorld
let api: ApiFixture
let workspace: TestWorkspace

beforeAll(async () => {
  world = await startSendGrid()
  ;({ api, workspace } = world)
})
afterAll(() => world[Symbol.asyncDispose]())

const raw: SendGridWorld['raw'] = (...call) => world.raw(...call)
const post: SendGridWorld['post'] = (...call) => world.post(...call)
const sent: SendGridWorld['sent'] = (over) => world.sent(over)

describe('the vendor’s own client', () => {
  it('sends, and is told the id that events will begin with', async () => {
    const [answer] = await mailer.send({
      to: 'Ann <ann@there.example>',
      cc: 'bob@there.example',
      from: { email: workspace.from, name: 'News' },
      replyTo: 'answers@there.example',
      subject: 'Good news',
      text: 'Text.',
      html: '<p>HTML.</p>',
      categories: ['welcome', 'with blanks'],
      customArgs: { order: '17' },
      headers: { 'X-Own': 'yes' },
      sendAt: Math.floor(Date.now() / 1_000) + 3_600,
      attachments: [
        { content: 'aGVsbG8=', filename: 'hello.txt', type: 'text/plain', disposition: 'attachment' },
        {
          content: 'aW1hZ2U=',
          filename: 'a.png',
          type: 'image/png',
          disposition: 'inline',
          contentId: 'logo',
        },
      ],
    })
    expect(answer.statusCode).toBe(202)
    expect(answer.body).toBe('')
    const id = String(answer.headers['x-message-id'])
    const message = await workspace.get(id)
    expect(message).toMatchObject({
      from: { email: workspace.from, name: 'News' },
      to: ['ann@there.example'],
      subject: 'Good news',
      tags: ['welcome', 'with blanks'],
      metadata: { order: '17' },
      states: { scheduled: 2 },
    })
    expect(message.sendAt).not.toBeNull()
    const content = await world.contentOf(id)
    for (const part of ['Reply-To: answers@there.example', 'X-Own: yes', 'Content-ID: <logo>', 'hello.txt'])
      expect(content).toContain(part)
  })

  it('sends one message to each of several, of whom none sees another', async () => {
    const before = await world.accepted()
    const [answer] = await mailer.sendMultiple({
      to: ['one@there.example', 'two@there.example'],
      from: workspace.from,
      subject: 'Hello',
      text: 'Hello.',
    })
    expect(answer.statusCode).toBe(202)
    expect(await world.accepted()).toBe(before + 2)
    const content = await world.contentOf(String(answer.headers['x-message-id']))
    expect(content).toContain('one@there.example')
    expect(content).not.toContain('two@there.example')
  })

  it('gets the errors of the vendor', async () => {
    const refused = await mailer
      .send({ to: 'nobody', from: workspace.from, subject: 'x', text: 'x' })
      .catch((error: unknown) => error)
    expect(refused).toMatchObject({
      code: 400,
      response: {
        body: {
          errors: [
            {
              message: 'Does not contain a valid address.',
              field: 'personalizations.0.to.0.email',
              help: `${HELP}message.personalizations.to`,
            },
          ],
        },
      },
    })
  })
})

describe('a personalization', () => {
  it('overrides what the request says for all', async () => {
    const other = `other@${workspace.from.split('@')[1]}`
    const first = await sent({
      personalizations: [
        {
          to: [{ email: 'ann@there.example', name: 'Ann' }],
          bcc: [{ email: 'bcc@there.example' }],
          from: { email: other },
          subject: 'Own',
          headers: { 'X-A': 'own' },
          custom_args: { a: 'own' },
        },
        { to: [{ email: 'bob@there.example' }] },
      ],
      headers: { 'X-A': 'all', 'X-B': 'all' },
      custom_args: { a: 'all', b: 'all' },
    })
    expect(first.message).toMatchObject({
      from: { email: other },
      subject: 'Own',
      metadata: { a: 'own', b: 'all' },
    })
    expect(first.content).toContain('X-A: own')
    expect(first.content).toContain('X-B: all')
    expect(first.content).not.toContain('bcc@there.example')
    const others = (await api.call(workspace.key, 'GET', '/v1/messages?limit=2')).body.data
    const second = others.find((one: { id: string }) => one.id !== first.id)
    expect(second).toMatchObject({ requestId: first.id, subject: 'Hello', to: ['bob@there.example'] })
  })

  it('has no value for a tag where it is null', async () => {
    const { content } = await sent({
      personalizations: [{ to: [{ email: 'ann@there.example' }], substitutions: { '-a-': null } }],
      content: [{ type: 'text/plain', value: 'x-a-y' }],
    })
    expect(content).toContain('xy')
  })

  it('substitutes literally in the subject, the content and the reply address, sections too', async () => {
    const { message, content } = await sent({
      personalizations: [
        {
          to: [{ email: 'ann@there.example' }],
          substitutions: {
            '-name-': 'Ann & -city-',
            '-city-': 'Ulm',
            '%greeting%': ':hello',
            '-box-': 'ann',
          },
        },
      ],
      sections: { ':hello': 'Dear -name-' },
      subject: 'For -name-',
      reply_to: { email: '-box-@there.example' },
      content: [
        { type: 'text/plain', value: '%greeting%, of -city-.' },
        { type: 'text/html', value: '<p>%greeting%</p>' },
      ],
    })
    expect(message.subject).toBe('For Ann & -city-')
    expect(content).toContain('Dear Ann & -city-, of Ulm.')
    expect(content).toContain('<p>Dear Ann & -city-</p>')
    expect(content).toContain('Reply-To: ann@there.example')
  })
})

describe('what substitutions would make too long', () => {
  const long = {
    personalizations: [{ to: [{ email: 'ann@there.example' }], substitutions: { a: 'x'.repeat(9_000) } }],
  }

  it('is refused, in the content as in the reply address', async () => {
    const reply = await post({ ...long, reply_to: { email: 'aaa@there.example' } })
    expect([reply.status, reply.body.errors[0].field]).toEqual([400, 'reply_to'])
    const content = await post({ ...long, content: [{ type: 'text/plain', value: 'a'.repeat(1_000_000) }] })
    expect(content.status).toBe(400)
  })
})

describe('content', () => {
  it('may be calendars and AMP beside text and HTML, in the order that mail programs want', async () => {
    const { content } = await sent({
      content: [
        { type: 'text/plain', value: 'plain' },
        { type: 'text/html', value: '<p>html</p>' },
        { type: 'text/x-amp-html', value: '<html amp4email></html>' },
        { type: 'text/calendar', value: 'BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nEND:VCALENDAR\r\n' },
      ],
    })
    expect([...content.matchAll(/Content-Type: ([\w/;= -]+)/g)].map(([, type]) => type?.trim())).toEqual([
      'multipart/alternative;',
      'text/plain; charset=utf-8',
      'text/x-amp-html; charset=utf-8',
      'text/html; charset=utf-8',
      'text/calendar; method=REQUEST; charset=utf-8',
    ])
  })

  it('gets the footer, the link for leaving where its tag stands, and parameters of its links', async () => {
    const { content, message } = await sent({
      content: [
        { type: 'text/plain', value: 'Leave: [unsubscribe_url]' },
        {
          type: 'text/html',
          value:
            '<body><a href="https://shop.example/a?b=1#c">Shop</a>[open]<a href="[unsubscribe_url]">Leave</a></body>',
        },
      ],
      mail_settings: { footer: { enable: true, text: 'FOOT', html: '<b>FOOT</b>' } },
      tracking_settings: {
        open_tracking: { enable: true, substitution_tag: '[open]' },
        click_tracking: { enable: false, enable_text: false },
        subscription_tracking: { enable: true, substitution_tag: '[unsubscribe_url]' },
        ganalytics: { enable: true, utm_source: 'news letter', utm_campaign: 'May' },
      },
    })
    expect(message.lane).toBe('bulk')
    expect(content).toContain(
      'https://shop.example/a?b=1&amp;utm_source=news%20letter&amp;utm_campaign=May#c',
    )
    const [page = ''] = /http:\/\/localhost:8600\/u\/[\w-]+/.exec(content) ?? []
    expect(content).toContain(`Leave: ${page}`)
    expect(content).toContain(`<a href="${page}">Leave</a>`)
    expect(content).toContain('\r\nFOOT')
    expect(content).toMatch(/Shop<\/a><img[^>]+\/t\/o\/[^>]+><a /)
    expect(content).toContain('<b>FOOT</b></body>')
    expect(content).not.toContain('[open]')
    expect(content).toMatch(/^List-Unsubscribe: </m)
  })

  it('may be a calendar alone, and brings a Message-ID and long arguments along', async () => {
    const { content, message } = await sent({
      content: [{ type: 'text/calendar', value: 'BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n' }],
      headers: { 'message-id': '<own@there.example>', 'In-Reply-To': '<before@there.example>' },
      custom_args: { long: 'x'.repeat(5_000) },
    })
    expect(content).toContain('text/calendar; charset=utf-8')
    expect(content).toMatch(/^Message-ID: <own@there\.example>/m)
    expect(content).toMatch(/^In-Reply-To: <before@there\.example>/m)
    expect(message.messageIdHeader).toBe('<own@there.example>')
    expect(message.metadata.long).toHaveLength(5_000)
  })

  it('has files of which clients say little, or more than the vendor asks for', async () => {
    const types = ['jpg', '.PDF', 'someType', 'plain/text', 'text/csv; charset="utf-8"']
    const files = types.map((type, at) => ({ content: 'YQ==', filename: at === 0 ? '' : `f-${at}`, type }))
    const { content } = await sent({ attachments: files })
    const lines = [...content.matchAll(/^Content-Type: (.+(?:\r\n .+)*?);\r\n name=(.+)\r$/gm)]
    expect(lines.map(([, type, name]) => [type?.replaceAll(/\s+/g, ' '), name])).toEqual([
      ['image/jpeg', 'attachment'],
      ['application/pdf', 'f-1'],
      ['application/octet-stream', 'f-2'],
      ['plain/text', 'f-3'],
      ['text/csv; charset=utf-8', 'f-4'],
    ])
    for (const type of ['text/plain; name="a"', 'text/plain;', 'a/b;charset=x\r\nBcc: y']) {
      const [file] = files
      expect((await post({ attachments: [{ ...file, type }] })).body.errors[0].message).toBe(
        "The type cannot contain ';', or CRLF characters.",
      )
    }
  })

  it('has what subscription tracking appends', async () => {
    const { content } = await sent({
      content: [{ type: 'text/html', value: '<p>Hello</p>' }],
      tracking_settings: {
        subscription_tracking: { enable: true, html: '<i>No more? <% Leave %></i>', text: 'Leave: <% %>' },
      },
    })
    expect(content).toMatch(/<i>No more\? <a href="http:\/\/localhost:8600\/u\/[\w-]+">Leave<\/a><\/i>/)
  })
})

async function template(generation: 'dynamic' | 'legacy', version: Record<string, unknown>): Promise<string> {
  const { body: made } = await raw('POST', '/v3/templates', { name: 'T', generation })
  const { status } = await raw('POST', `/v3/templates/${made.id}/versions`, {
    name: 'V',
    active: 1,
    ...version,
  })
  expect(status).toBe(201)
  return made.id
}

describe('a template', () => {
  it('is filled for each personalization, as the vendor fills it', async () => {
    const id = await template('dynamic', {
      subject: 'Order {{order}}',
      html_content:
        '<p>{{#if vip}}Dear{{else}}Hello{{/if}} {{name}}</p><a href="{{{unsubscribe}}}">x</a><a href="<%asm_group_unsubscribe_raw_url%>">y</a>',
      plain_content: 'Hello {{name}}',
    })
    const { content, message } = await sent({
      personalizations: [
        {
          to: [{ email: 'ann@there.example' }],
          dynamic_template_data: { name: 'A & B', vip: true, order: 7 },
        },
      ],
      subject: undefined,
      content: undefined,
      template_id: id,
      mail_settings: { footer: { enable: true, text: 'FOOT', html: '<b>FOOT</b>' } },
    })
    expect(message.subject).toBe('Order 7')
    expect(message.template.version).toBe(1)
    expect(content).toContain('<p>Dear A &amp; B</p>')
    expect(content).toContain('<b>FOOT</b>')
    expect(content.match(/<a href="http:\/\/localhost:8600\/u\/[\w-]+">[xy]</g)).toHaveLength(2)
    expect(content).not.toContain('bulkhead.invalid')
  })

  it('without a subject has that of the request', async () => {
    const id = await template('dynamic', { subject: '', html_content: '<p>x</p>' })
    const { message } = await sent({ template_id: id, content: undefined, subject: 'Of the request' })
    expect(message.subject).toBe('Of the request')
  })

  it('of the older kind takes subject, body and substitutions', async () => {
    const id = await template('legacy', {
      subject: '<%subject%> -x-',
      html_content: '<h1>T</h1><%body%>',
      plain_content: 'T <%body%>',
    })
    const { content, message } = await sent({
      personalizations: [{ to: [{ email: 'ann@there.example' }], substitutions: { '-x-': 'Ann' } }],
      template_id: id,
      content: [
        { type: 'text/plain', value: 'plain -x-' },
        { type: 'text/html', value: '<p>-x-</p>' },
      ],
    })
    expect(message.subject).toBe('Hello Ann')
    expect(content).toContain('<h1>T</h1><p>Ann</p>')
    expect(content).toContain('T plain Ann')
  })

  it('of the older kind has no HTML where the request has text only', async () => {
    const id = await template('legacy', {
      subject: '<%subject%>',
      html_content: '<h1>T</h1><%body%>',
      plain_content: 'T <%body%>',
    })
    const { content } = await sent({ template_id: id })
    expect(content).toContain('T Hello.')
    expect(content).not.toContain('<h1>')
    const html = await sent({ template_id: id, content: [{ type: 'text/html', value: '<p>x</p>' }] })
    expect(html.content).toContain('<h1>T</h1><p>x</p>')
  })

  it('with HTML and no text is mail of one part', async () => {
    const id = await template('dynamic', {
      subject: 'S',
      html_content: '<p>{{x}}</p>',
      plain_content: '',
      generate_plain_content: false,
    })
    const { content } = await sent({ template_id: id, content: undefined })
    expect(content).toMatch(/^Content-Type: text\/html/m)
    expect(content).not.toContain('text/plain')
    const { body } = await raw('GET', `/v3/templates/${id}`)
    expect(body.versions).toMatchObject([{ plain_content: '', generate_plain_content: false }])
  })

  it('that was imported keeps the id of the vendor', async () => {
    const alias = 'd-0123456789ab4def8123456789abcdef'
    const { body: made } = await api.call(workspace.key, 'POST', '/v1/templates', {
      name: 'Imported',
      alias,
      dialect: 'sendgrid-handlebars',
      subject: 'Hello {{name}}',
      text: 'Hello.',
    })
    await api.call(workspace.key, 'POST', `/v1/templates/${made.id}/versions/1/publish`, {})
    const { message } = await sent({
      personalizations: [{ to: [{ email: 'ann@there.example' }], dynamic_template_data: { name: 'Ann' } }],
      template_id: alias,
      subject: undefined,
      content: undefined,
    })
    expect(message.subject).toBe('Hello Ann')
    expect((await raw('GET', `/v3/templates/${alias}`)).body.id).toBe(alias)
  })

  it('that is not there, or no id, is refused', async () => {
    const unknown = `d-${'0'.repeat(32)}`
    const cases = [
      [unknown, `The Template ID must be a valid template id for your account. You provided ${unknown}.`],
      ['nothing', "The template_id must be a valid GUID, you provided 'nothing'."],
    ]
    for (const [template_id, message] of cases)
      expect((await post({ template_id })).body).toEqual({
        errors: [{ message, field: 'template_id', help: `${HELP}message.template_id` }],
      })
  })

  it('with Handlebars is not filled by substitutions', async () => {
    const { status, body } = await post({
      template_id: `d-${'0'.repeat(32)}`,
      personalizations: [{ to: [{ email: 'ann@there.example' }], substitutions: { a: 'b' } }],
    })
    expect(status).toBe(400)
    expect(body.errors[0]).toEqual({
      message: 'Substitutions may not be used with dynamic templating',
      field: 'personalizations.0.substitutions',
      help: `${HELP}message.personalizations.substitutions`,
    })
  })
})

const sentTo = (email: string, setting?: string) =>
  sent({
    personalizations: [{ to: [{ email }] }],
    ...(setting === undefined ? {} : { mail_settings: { [setting]: { enable: true } } }),
  })

const suppressed = async (email: string, reason: string, scope = 'all') =>
  api.call(workspace.key, 'POST', '/v1/suppressions', { email, reason, scope })

describe('a request', () => {
  it('in the sandbox is checked whole, answered with 200, and sends nothing', async () => {
    const before = await world.accepted()
    const sandbox = { mail_settings: { sandbox_mode: { enable: true } } }
    const answer = await post(sandbox)
    expect([answer.status, answer.text]).toEqual([200, ''])
    expect((await post({ ...sandbox, from: { email: 'ann@foreign.example' } })).status).toBe(403)
    expect((await post({ ...sandbox, subject: undefined })).status).toBe(400)
    expect(await world.accepted()).toBe(before)
  })

  it('may be packed with gzip', async () => {
    const answer = await raw('POST', '/v3/mail/send', gzipSync(JSON.stringify(world.mail())), {
      'content-encoding': 'gzip',
    })
    expect(answer.status).toBe(202)
  })

  it('that is repeated with its idempotency key sends once and is answered alike', async () => {
    const before = await world.accepted()
    const headers = { 'idempotency-key': 'sendgrid-1' }
    const two = { personalizations: [1, 2].map((n) => ({ to: [{ email: `p${n}@there.example` }] })) }
    const first = await post(two, headers)
    const again = await post(two, headers)
    expect([first.status, again.status]).toEqual([202, 202])
    expect(again.headers.get('x-message-id')).toBe(first.headers.get('x-message-id'))
    expect(await world.accepted()).toBe(before + 2)
    expect((await post({ ...two, subject: 'Other' }, headers)).status).toBe(409)
  })

  it('sends none of its messages where one is refused', async () => {
    const before = await world.accepted()
    const { status, body } = await post({
      personalizations: [
        { to: [{ email: 'ann@there.example' }] },
        { to: [{ email: 'bob@there.example' }], from: { email: 'ann@foreign.example' } },
      ],
    })
    expect(status).toBe(403)
    expect(body).toEqual({
      errors: [
        {
          message:
            'The from address does not match a verified Sender Identity. Mail cannot be sent until this error is resolved. Visit https://sendgrid.com/docs/for-developers/sending-email/sender-identity/ to see the Sender Identity requirements',
          field: 'from',
          help: null,
        },
      ],
    })
    expect(await world.accepted()).toBe(before)
  })

  it('to suppressed people is accepted, and bypasses the lists that it names', async () => {
    await suppressed('bounced@there.example', 'hard_bounce')
    await suppressed('left@there.example', 'unsubscribe')
    expect((await sentTo('bounced@there.example')).message.states).toEqual({ suppressed: 1 })
    expect((await sentTo('left@there.example')).message.states).toEqual({ suppressed: 1 })
    for (const [email, setting] of [
      ['bounced@there.example', 'bypass_list_management'],
      ['bounced@there.example', 'bypass_bounce_management'],
      ['left@there.example', 'bypass_unsubscribe_management'],
    ] as const)
      expect((await sentTo(email, setting)).message.states).toEqual({ pending: 1 })
    expect((await sentTo('left@there.example', 'bypass_spam_management')).message.states).toEqual({
      suppressed: 1,
    })
  })

  it('on behalf of a subuser is of the subaccount with that name, which has to be there', async () => {
    await api.call(workspace.key, 'POST', '/v1/subaccounts', { name: 'shop' })
    const answer = await post({}, { 'on-behalf-of': 'shop' })
    expect(answer.status).toBe(202)
    const message = await workspace.get(answer.headers.get('x-message-id') ?? '')
    expect(message.subaccount).toBe('shop')
    const unknown = await post({}, { 'on-behalf-of': 'nobody' })
    expect([unknown.status, unknown.body.errors[0].message]).toEqual([403, 'access forbidden'])
  })

  it('goes by the lane that its pool names', async () => {
    expect((await sent({ ip_pool_name: 'bulk' })).message.lane).toBe('bulk')
    expect((await sent({ ip_pool_name: 'our own pool' })).message.lane).toBe('transactional')
  })
})

const inAnHour = () => Math.floor(Date.now() / 1_000) + 3_600
const statesOf = async (id: string) => (await workspace.get(id)).states

describe('a batch', () => {
  it('is made, is known, and pauses or cancels what names it', async () => {
    const [made, { batch_id }] = await client.request({ method: 'POST', url: '/v3/mail/batch' })
    expect(made.statusCode).toBe(201)
    expect((await raw('GET', `/v3/mail/batch/${batch_id}`)).body).toEqual({ batch_id })
    const { id } = await sent({ batch_id, send_at: inAnHour() })
    expect(await statesOf(id)).toEqual({ scheduled: 1 })

    const url = '/v3/user/scheduled_sends'
    expect((await raw('GET', `${url}/${batch_id}`)).body).toEqual([])
    const paused = await raw('POST', url, { batch_id, status: 'pause' })
    expect([paused.status, paused.body]).toEqual([201, { batch_id, status: 'pause' }])
    expect((await raw('POST', url, { batch_id, status: 'cancel' })).status).toBe(400)
    expect((await raw('GET', url)).body).toContainEqual({ batch_id, status: 'pause' })
    const changed = await raw('PATCH', `${url}/${batch_id}`, { status: 'cancel' })
    expect([changed.status, changed.text]).toEqual([204, ''])
    expect((await raw('GET', `${url}/${batch_id}`)).body).toEqual([{ batch_id, status: 'cancel' }])
    expect((await raw('DELETE', `${url}/${batch_id}`)).status).toBe(204)
    expect((await raw('GET', `${url}/${batch_id}`)).body).toEqual([])
    const gone = await raw('PATCH', `${url}/${batch_id}`, { status: 'cancel' })
    expect([gone.status, gone.body.errors[0].message]).toEqual([404, 'batch id not found'])
  })

  it('that nobody made is refused', async () => {
    for (const batch_id of ['mine', 'bat_00000000000000000000000000']) {
      const { status, body } = await post({ batch_id })
      expect([status, body.errors[0]]).toEqual([
        400,
        { message: 'invalid batch id', field: 'batch_id', help: `${HELP}message.batch_id` },
      ])
      expect((await raw('GET', `/v3/mail/batch/${batch_id}`)).body.errors[0].message).toBe('invalid batch id')
      expect((await raw('POST', '/v3/user/scheduled_sends', { batch_id, status: 'pause' })).status).toBe(400)
    }
    expect(
      (await raw('POST', '/v3/user/scheduled_sends', { batch_id: 'x', status: 'stop' })).body.errors[0],
    ).toMatchObject({ field: 'status', message: 'status must be either cancel or pause' })
  })
})

describe('a group', () => {
  it('is a topic by its number: who left it gets nothing, and a link leaves it', async () => {
    const { body: topic } = await api.call(workspace.key, 'POST', '/v1/topics', {
      name: 'Offers',
      description: 'Weekly',
    })
    const asm = { group_id: topic.number, groups_to_display: [topic.number] }
    const { message, content } = await sent({
      asm,
      content: [{ type: 'text/html', value: '<a href="<%asm_group_unsubscribe_raw_url%>">Leave</a>' }],
    })
    expect(message.topic).toBe(topic.id)
    expect(content).toMatch(/<a href="http:\/\/localhost:8600\/u\/[\w-]+">Leave/)
    expect(content).toMatch(/^List-Unsubscribe: </m)
    await api.call(workspace.key, 'POST', `/v1/topics/${topic.id}/suppressions`, {
      emails: ['ann@there.example'],
    })
    expect((await sent({ asm })).message.states).toEqual({ suppressed: 1 })
    expect((await sent({})).message.states).toEqual({ pending: 1 })
    expect((await post({ asm: { group_id: 99_999 } })).body.errors[0]).toEqual({
      message: 'The ASM group ID must be a valid Group ID on your account. You provided 99999.',
      field: 'asm.group_id',
      help: `${HELP}message.asm.group_id`,
    })
  })
})
