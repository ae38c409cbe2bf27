import { createTransport } from 'nodemailer'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startApi } from './api-fixture.ts'
import type { ApiFixture } from './api-fixture.ts'
import { mandrillWorld } from './mandrill-world.ts'
import type { MandrillWorld } from './mandrill-world.ts'
import { startTestSubmission } from './submission-fixture.ts'
import type { SubmissionFixture } from './submission-fixture.ts'

let api: ApiFixture
let world: MandrillWorld
let submission: SubmissionFixture
beforeAll(async () => {
  api = await startApi()
  world = await mandrillWorld(api)
  submission = await startTestSubmission(api)
})
afterAll(async () => {
  await submission[Symbol.asyncDispose]()
  await api[Symbol.asyncDispose]()
})

type Mail = Record<string, unknown>

/** Sends as programs of the vendor's customers do: any user name, the key as the password, the rest in fields. */
async function submit(
  headers: Record<string, string | string[]>,
  mail: Mail = {},
  pass = world.key,
): Promise<string> {
  const transport = createTransport({
    host: '127.0.0.1',
    port: submission.ports.implicit,
    secure: true,
    tls: { rejectUnauthorized: false },
    auth: { user: 'whoever@example.com', pass },
  })
  const { response } = await transport.sendMail({
    from: `The Shop <shop@${world.domain}>`,
    to: 'Ann <ann@there.example>',
    subject: 'Hello *|FNAME|*',
    text: 'Hello *|FNAME|*.',
    headers,
    ...mail,
  })
  return /msg_[0-9a-z]{26}/.exec(response)?.[0] ?? ''
}

/** All messages of a request, in the order in which they were made. */
async function ofRequest(id: string) {
  const { body } = await api.call(world.workspace.key, 'GET', '/v1/messages?limit=100')
  const ids: string[] = body.data
    .filter((one: { requestId: string }) => one.requestId === id)
    .map((one: { id: string }) => one.id)
  return Promise.all(
    ids.sort().map(async (each) => ({
      message: (await api.call(world.workspace.key, 'GET', `/v1/messages/${each}`)).body,
      content: (await api.call(world.workspace.key, 'GET', `/v1/messages/${each}/content`)).text,
    })),
  )
}

function refusal(headers: Record<string, string>): Promise<{ responseCode: number; response: string }> {
  return submit(headers).then(
    () => ({ responseCode: 250, response: '' }),
    (error: { responseCode: number; response: string }) => error,
  )
}

function raw(more: readonly string[] = []): string {
  return [
    `From: Shop <shop@${world.domain}>`,
    'To: ann@example.com, bob@example.com',
    'Subject: Raw',
    ...more,
    '',
    'Hello *|FNAME|*',
    '',
  ].join('\n')
}

describe('X-MC fields', () => {
  it('that say nothing about content leave the message as it came, without them', async () => {
    const id = await submit({
      'X-MC-Tags': 'one, two words',
      'X-MC-Metadata': '{"order": 7, "site": "ä"}',
      'X-MC-Important': 'true',
      'X-MC-Track': 'opens',
      'X-MC-SigningDomain': 'example.com',
    })
    const [sent] = await ofRequest(id)
    expect(sent?.message).toMatchObject({
      tags: ['one', 'two words'],
      metadata: { order: 7, site: 'ä' },
      source: 'smtp',
    })
    expect(sent?.content).toMatch(/^X-Priority: 1/m)
    expect(sent?.content).toContain('Hello *|FNAME|*.')
    expect(sent?.content.toLowerCase()).not.toContain('x-mc-')
  })

  it('fill the message for each recipient, who sees nobody else', async () => {
    const id = await submit(
      {
        'X-MC-MergeVars': ['{"fname": "you"}', '{"_rcpt": "BOB@there.example", "FNAME": "Bob"}'],
        'X-MC-AutoHtml': 'yes',
        'X-MC-Tags': 'a',
      },
      {
        to: ['Ann <ann@there.example>', 'bob@there.example'],
        attachments: [{ filename: 'n.txt', content: 'note' }],
      },
    )
    const sent = await ofRequest(id)
    expect(sent.map(({ message }) => message.to)).toEqual([['ann@there.example'], ['bob@there.example']])
    expect(sent[0]?.content).toContain('Subject: Hello you')
    expect(sent[1]?.content).toContain('Hello Bob.')
    expect(sent[1]?.content).toContain('<p>Hello Bob.')
    expect(sent[1]?.content).toContain('n.txt')
    expect(sent[1]?.content).not.toContain('ann@')
    expect(sent[1]?.message.tags).toEqual(['a'])
  })

  it('write styles into elements where that is asked for', async () => {
    const html = '<html><head><style>p{color:red}</style></head><body><p>Hello</p></body></html>'
    const id = await submit({ 'X-MC-InlineCSS': 'true' }, { html })
    const [sent] = await ofRequest(id)
    expect(sent?.content.replaceAll('=3D', '=')).toContain('<p style="color: red;">Hello</p>')
  })

  it('show all to all where that is asked for, and copy to an archive', async () => {
    const id = await submit(
      { 'X-MC-PreserveRecipients': 'true', 'X-MC-BccAddress': 'archive@example.com' },
      { to: ['ann@there.example', 'bob@there.example'] },
    )
    const sent = await ofRequest(id)
    expect(sent).toHaveLength(2)
    for (const { content, message } of sent) {
      expect(content).toContain('To: ann@there.example, bob@there.example')
      expect(message.recipients).toHaveLength(2)
      expect(content).not.toContain('archive@')
    }
  })

  it('that cannot be read refuse the message, and so do templates, which are not read at submission', async () => {
    expect(await refusal({ 'X-MC-MergeVars': 'no json' })).toMatchObject({
      responseCode: 550,
      response: expect.stringContaining('X-MC-MergeVars'),
    })
    expect((await refusal({ 'X-MC-SendAt': 'tomorrow' })).responseCode).toBe(550)
    expect((await refusal({ 'X-MC-Template': 'welcome|main' })).responseCode).toBe(550)
    expect((await refusal({ 'X-MC-Subaccount': 'nobody' })).responseCode).toBe(550)
  })
})

describe('messages/send-raw', () => {
  it('sends the message as it is, to those whom it names or who are named beside it', async () => {
    const both = (await world.ask('messages.sendRaw', { raw_message: raw(['X-MC-Metadata: {"a": "ö"}']) }))
      .body
    expect(both).toMatchObject([
      {
        email: 'ann@example.com',
        status: 'sent',
        reject_reason: null,
        _id: expect.stringMatching(/^[0-9a-f]{32}$/),
      },
      { email: 'bob@example.com', status: 'sent', _id: expect.stringMatching(/^[0-9a-f]{32}$/) },
    ])
    expect((await world.ask('messages.info', { id: both[1]._id })).body).toMatchObject({
      _id: both[1]._id,
      email: 'bob@example.com',
      metadata: { a: 'ö' },
    })
    const one = (
      await world.ask('messages.sendRaw', {
        raw_message: raw(),
        to: ['eve@example.com'],
        from_email: `other@${world.domain}`,
        from_name: 'Jörg "J" Weiß',
      })
    ).body
    expect(one).toMatchObject([{ email: 'eve@example.com', status: 'sent' }])
    const content = (await world.ask('messages.content', { id: one[0]._id })).body
    expect(content).toMatchObject({
      from_email: `other@${world.domain}`,
      from_name: 'Jörg "J" Weiß',
      subject: 'Raw',
    })
  })

  it('does what the fields of the message say, templates among it', async () => {
    await world.ask('templates.add', {
      name: 'frame',
      subject: 's',
      code: '<div mc:edit="main"></div>*|FNAME|*',
    })
    const sent = (
      await world.ask('messages.sendRaw', {
        raw_message: raw(['X-MC-Template: frame|main', 'X-MC-MergeVars: {"FNAME": "Ann"}']),
      })
    ).body
    expect(sent).toHaveLength(2)
    const mime = await world.mime(sent[0]._id)
    expect(mime).toContain('<div mc:edit="main"><p>Hello Ann\n</p></div>Ann'.replace('\n', '\r\n'))
    expect(mime).toContain('Subject: Raw')
  })

  it('refuses what is no message, and tells of a sender that may not send', async () => {
    const sent = (field: string) => world.ask('messages.sendRaw', { raw_message: raw([field]) })
    expect((await sent('X-MC-Template: none')).body).toMatchObject({
      code: 5,
      message: 'No such template "none"',
    })
    expect((await sent('X-MC-Subaccount: none')).body).toMatchObject({ code: 12, name: 'Unknown_Subaccount' })
    expect((await sent('X-MC-SendAt: soon')).body.name).toBe('ValidationError')
    expect((await world.ask('messages.sendRaw', { raw_message: '' })).body.name).toBe('ValidationError')
    expect((await world.ask('messages.sendRaw', {})).body.message).toBe(
      'You must specify a raw_message value',
    )
    expect(
      (await world.ask('messages.sendRaw', { raw_message: raw(), from_email: 'shop@example.org' })).body,
    ).toMatchObject([
      { status: 'rejected', reject_reason: 'unsigned' },
      { status: 'rejected', reject_reason: 'unsigned' },
    ])
  })
})
