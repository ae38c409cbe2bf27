import { createTransport } from 'nodemailer'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startSendGrid } from './sendgrid-mail-world.ts'
import type { SendGridWorld } from './sendgrid-mail-world.ts'
import { startTestSubmission } from './submission-fixture.ts'
import type { SubmissionFixture } from './submission-fixture.ts'

let world: SendGridWorld
let submission: SubmissionFixture

beforeAll(async () => {
  world = await startSendGrid()
  submission = await startTestSubmission(world.api)
})
afterAll(async () => {
  await submission[Symbol.asyncDispose]()
  await world[Symbol.asyncDispose]()
})

type Mail = Record<string, unknown>

/** Sends as programs of the vendor's customers do: user `apikey`, the settings as JSON in a header. */
async function submit(smtpApi: unknown, mail: Mail = {}, user = 'apikey', pass = world.key): Promise<string> {
  const transport = createTransport({
    host: '127.0.0.1',
    port: submission.ports.implicit,
    secure: true,
    tls: { rejectUnauthorized: false },
    auth: { user, pass },
  })
  const value = typeof smtpApi === 'string' ? smtpApi : JSON.stringify(smtpApi)
  const { response } = await transport.sendMail({
    from: world.workspace.from,
    to: 'ann@there.example',
    subject: 'Hello',
    text: 'Hello.',
    ...(smtpApi === undefined ? {} : { headers: { 'X-SMTPAPI': value } }),
    ...mail,
  })
  return /msg_[0-9a-z]{26}/.exec(response)?.[0] ?? ''
}

const refusal = (smtpApi: unknown, mail?: Mail): Promise<{ responseCode?: number; response?: string }> =>
  submit(smtpApi, mail).then(
    () => ({}),
    (error: { responseCode: number; response: string }) => error,
  )

/** All messages of the request, in the order in which they were made. */
async function ofRequest(id: string) {
  const { body } = await world.api.call(world.workspace.key, 'GET', '/v1/messages?limit=100')
  const ids: string[] = body.data
    .filter((one: { requestId: string }) => one.requestId === id)
    .map((one: { id: string }) => one.id)
  return Promise.all(
    ids.sort().map(async (each) => ({
      message: await world.workspace.get(each),
      content: await world.contentOf(each),
    })),
  )
}

describe('X-SMTPAPI', () => {
  it('that says nothing about content leaves the message as it came, without the header', async () => {
    const sendAt = Math.floor(Date.now() / 1_000) + 3_600
    const long = Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`argument-${i}`, `value ä ${i}`]))
    const whole = await submit({ category: ['a', 'b c'], unique_args: long, send_at: sendAt })
    const [sent] = await ofRequest(whole)
    expect(sent?.message).toMatchObject({
      tags: ['a', 'b c'],
      metadata: long,
      states: { scheduled: 1 },
      source: 'smtp',
    })
    expect(sent?.content.toLowerCase()).not.toContain('smtpapi')
    expect(sent?.content).toMatch(/^Received: /m)
  })

  it('sends each recipient of its own list a message of his own, with his substitutions', async () => {
    const id = await submit(
      {
        to: ['Ann <ann@list.example>', 'bob@list.example'],
        sub: { '-name-': ['Ann', 'Bob'], '%plan%': ['-gold-', '-tin-'] },
        section: { '-gold-': 'gold for -name-', '-tin-': 'tin' },
        unique_args: { who: '-name-' },
        category: 'plans',
        filters: {
          footer: { settings: { enable: 1, 'text/plain': 'FOOT', 'text/html': '<b>FOOT</b>' } },
          ganalytics: { settings: { enable: 1, utm_source: 's' } },
        },
      },
      {
        to: 'nobody@there.example',
        subject: 'For -name-',
        text: 'Dear -name-: %plan%',
        html: '<p>-name-: %plan%</p><a href="https://shop.example/">x</a>',
        replyTo: 'answers@there.example',
        attachments: [
          { filename: 'Übersicht.txt', content: 'attached' },
          { filename: 'a.png', content: 'image', cid: 'logo', contentDisposition: 'inline' },
        ],
      },
    )
    const all = await ofRequest(id)
    expect(all.map(({ message }) => [message.to, message.subject, message.metadata, message.tags])).toEqual([
      [['ann@list.example'], 'For Ann', { who: 'Ann' }, ['plans']],
      [['bob@list.example'], 'For Bob', { who: 'Bob' }, ['plans']],
    ])
    const [ann, bob] = all
    expect(ann?.content).toContain('Dear Ann: gold for Ann')
    expect(bob?.content).toContain('<p>Bob: tin</p><a href="https://shop.example/?utm_source=s">x</a>')
    for (const { content } of all) {
      for (const part of [
        'FOOT',
        'Reply-To: answers@there.example',
        'Content-ID: <logo>',
        "filename*=utf-8''%C3%9Cbersicht.txt",
      ])
        expect(content).toContain(part)
      expect(content).not.toContain('nobody@there.example')
      expect(content.toLowerCase()).not.toContain('smtpapi')
    }
  })

  it('takes times for each, topics, pools, lists to bypass and links for leaving', async () => {
    const soon = Math.floor(Date.now() / 1_000) + 600
    const times = await ofRequest(
      await submit({ to: ['ann@list.example', 'bob@list.example'], send_each_at: [soon, soon + 600] }),
    )
    expect(times.map(({ message }) => Date.parse(message.sendAt) / 1_000)).toEqual([soon, soon + 600])

    const { body: topic } = await world.api.call(world.workspace.key, 'POST', '/v1/topics', {
      name: 'Offers',
      description: 'Weekly',
    })
    const [left] = await ofRequest(
      await submit(
        {
          asm_group_id: topic.number,
          ip_pool: 'bulk',
          filters: { bypass_list_management: { settings: { enable: 1 } } },
        },
        { html: '<a href="<%asm_group_unsubscribe_raw_url%>">Leave</a>' },
      ),
    )
    expect(left?.message).toMatchObject({ topic: topic.id, lane: 'bulk' })
    expect(left?.message.bypass).toContain('hard_bounce')
    expect(left?.content).toMatch(/<a href="http:\/\/localhost:8600\/u\/[\w-]+">Leave/)
  })

  it('keeps who is only in the envelope out of the header', async () => {
    const id = await submit(
      { filters: { footer: { settings: { enable: 1, 'text/plain': 'FOOT' } } } },
      { cc: 'cc@there.example', bcc: 'hidden@there.example' },
    )
    const [sent] = await ofRequest(id)
    expect(sent?.message.recipients.map(({ kind, email }: Record<string, string>) => [kind, email])).toEqual([
      ['to', 'ann@there.example'],
      ['cc', 'cc@there.example'],
      ['bcc', 'hidden@there.example'],
    ])
    expect(sent?.content).not.toContain('hidden@there.example')
  })

  it('sends to thousands as one', async () => {
    const to = Array.from({ length: 1_500 }, (_, i) => `p${i}@list.example`)
    const before = await world.accepted()
    await submit({ to })
    expect(await world.accepted()).toBe(before + 1_500)
  }, 60_000)

  it('that cannot be read, or asks for what cannot be, refuses the message at the end of its data', async () => {
    const cases: readonly (readonly [unknown, RegExp])[] = [
      ['{', /X-SMTPAPI: is not valid JSON/],
      ['[]', /is not a JSON object/],
      [{ to: ['nobody'] }, /X-SMTPAPI to\[0\]: is not an address/],
      [{ to: ['a@b.example'], sub: { x: ['1', '2'] } }, /has 2 values for 1 recipients/],
      [{ send_at: 1e11 }, /72 hours/],
      [{ asm_group_id: 99_999 }, /topic/],
      [{ filters: { templates: { settings: { enable: 1, template_id: 'x' } } } }, /POST \/v3\/mail\/send/],
    ]
    const before = await world.accepted()
    for (const [smtpApi, words] of cases) {
      const { responseCode, response } = await refusal(smtpApi)
      expect([responseCode, response]).toEqual([550, expect.stringMatching(words)])
    }
    expect(await world.accepted()).toBe(before)
  })

  it('may not send as somebody else', async () => {
    const foreign = await refusal({ to: ['ann@list.example'] }, { from: 'ann@foreign.example' })
    expect(foreign).toMatchObject({
      responseCode: 550,
      response: expect.stringContaining('The from address does not match a verified Sender Identity.'),
    })
    const onlyInside = await refusal(undefined, {
      envelope: { from: world.workspace.from, to: 'ann@there.example' },
      from: 'ann@foreign.example',
    })
    expect(onlyInside.response).toContain('does not match a verified Sender Identity')
  })
})

describe('submission with a key of the door', () => {
  it('wants the user apikey, and without the header sends as ever', async () => {
    expect(await submit(undefined)).toMatch(/^msg_/)
    const refused = await submit(undefined, {}, 'ann', world.key).catch((error: unknown) => error)
    expect(refused).toMatchObject({ responseCode: 535 })
  })

  it('with a key of ours the header means nothing', async () => {
    const id = await submit({ to: ['ann@list.example'] }, {}, 'any', world.workspace.key)
    const [sent] = await ofRequest(id)
    expect(sent?.message.to).toEqual(['ann@there.example'])
  })
})
