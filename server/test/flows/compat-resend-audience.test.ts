import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { BroadcastRunner } from '../../src/modules/broadcasts/index.ts'
import { startApi } from './api-fixture.ts'
import type { ApiFixture } from './api-fixture.ts'
import { eventually } from './engine-fixture.ts'
import { resendWorld } from './resend-world.ts'
import type { ResendWorld } from './resend-world.ts'

let api: ApiFixture
let world: ResendWorld
let runner: BroadcastRunner
beforeAll(async () => {
  api = await startApi()
  world = await resendWorld(api)
  runner = api.broadcastRunner()
})
afterAll(() => api[Symbol.asyncDispose]())

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
const NOBODY = '00000000-0000-7000-8000-000000000000'
const isMissing = { error: { statusCode: 404, name: 'not_found' } }

function ok<Data>({ data, error }: { data: Data | null; error: unknown }): Data {
  expect(error).toBeNull()
  if (data === null) throw new Error('no data')
  return data
}

describe('contacts', () => {
  it('are made, found by id and address, changed, listed and removed', async () => {
    const { resend } = world
    const { id } = ok(
      await resend.contacts.create({
        email: 'steve@there.example',
        firstName: 'Steve',
        lastName: 'W',
        unsubscribed: false,
        properties: { company_name: 'Acme', seats: 3 },
      }),
    )
    expect(id).toMatch(UUID)
    const shown = {
      id,
      email: 'steve@there.example',
      first_name: 'Steve',
      last_name: 'W',
      created_at: expect.any(String),
      unsubscribed: false,
    }
    const whole = { object: 'contact', ...shown, properties: { company_name: 'Acme', seats: 3 } }
    expect(ok(await resend.contacts.get({ id }))).toEqual(whole)
    expect(ok(await resend.contacts.get({ email: 'steve@there.example' }))).toEqual(whole)
    expect(
      ok(await resend.contacts.update({ email: 'steve@there.example', unsubscribed: true, firstName: null })),
    ).toEqual({ object: 'contact', id })
    expect(ok(await resend.contacts.get({ id }))).toMatchObject({
      unsubscribed: true,
      first_name: null,
      last_name: 'W',
    })
    const again = ok(await resend.contacts.create({ email: 'Steve@there.example', firstName: 'S' }))
    expect(again.id).toBe(id)
    const list = ok(await resend.contacts.list())
    expect(list).toMatchObject({ object: 'list', has_more: false, data: [{ id, first_name: 'S' }] })
    expect(ok(await resend.contacts.remove({ id }))).toMatchObject({
      object: 'contact',
      contact: id,
      deleted: true,
    })
    expect(await resend.contacts.get({ id })).toMatchObject(isMissing)
    expect(await resend.contacts.get({ email: 'steve@there.example' })).toMatchObject(isMissing)
    expect(await world.ask('POST', '/contacts', { body: {} })).toMatchObject({
      status: 422,
      body: { name: 'missing_required_field' },
    })
    expect(await resend.contacts.create({ email: 'nobody' })).toMatchObject({
      error: { statusCode: 422, name: 'validation_error' },
    })
  })

  it('stand on segments', async () => {
    const { resend } = world
    const made = ok(await resend.segments.create({ name: 'Registered' }))
    expect(made).toEqual({ object: 'segment', id: expect.stringMatching(UUID), name: 'Registered' })
    const { id } = ok(
      await resend.contacts.create({ email: 'ann@there.example', segments: [{ id: made.id }] }),
    )
    expect(ok(await resend.contacts.list({ segmentId: made.id })).data.map((one) => one.id)).toEqual([id])
    expect(ok(await resend.contacts.segments.list({ contactId: id })).data).toMatchObject([
      { id: made.id, name: 'Registered' },
    ])
    const second = ok(await resend.segments.create({ name: 'Second' }))
    expect(
      ok(await resend.contacts.segments.add({ email: 'ann@there.example', segmentId: second.id })),
    ).toMatchObject({
      id: second.id,
    })
    expect(ok(await resend.contacts.segments.remove({ contactId: id, segmentId: made.id }))).toMatchObject({
      id: made.id,
      deleted: true,
    })
    expect(ok(await resend.contacts.list({ segmentId: made.id })).data).toEqual([])
    expect(ok(await resend.segments.get(made.id))).toMatchObject({ object: 'segment', name: 'Registered' })
    expect(ok(await resend.segments.list()).data.map((one) => one.name)).toEqual(['Second', 'Registered'])
    expect(ok(await resend.segments.remove(made.id))).toEqual({
      object: 'segment',
      id: made.id,
      deleted: true,
    })
    expect(await resend.segments.get(made.id)).toMatchObject(isMissing)
    expect(ok(await resend.segments.remove(made.id))).toMatchObject({ id: made.id, deleted: true })
    expect(await resend.contacts.list({ segmentId: NOBODY })).toMatchObject(isMissing)
    ok(await resend.contacts.remove(id))
  })

  it('are reached through audiences, as older clients do', async () => {
    const { resend } = world
    const ask: ResendWorld['ask'] = (...call) => world.ask(...call)
    const made = await ask('POST', '/audiences', { body: { name: 'Old' } })
    expect(made).toMatchObject({ status: 201, body: { object: 'audience', name: 'Old' } })
    const audienceId: string = made.body.id
    const { id } = ok(
      await resend.contacts.create({ audienceId, email: 'old@there.example', firstName: 'O' }),
    )
    expect(ok(await resend.contacts.get({ audienceId, email: 'old@there.example' })).id).toBe(id)
    expect(ok(await resend.contacts.update({ audienceId, id, lastName: 'L' })).id).toBe(id)
    expect((await ask('GET', `/audiences/${audienceId}/contacts`)).body).toMatchObject({
      object: 'list',
      data: [{ id, last_name: 'L' }],
    })
    const other = ok(await resend.contacts.create({ email: 'not-on-it@there.example' }))
    expect(await resend.contacts.get({ audienceId, id: other.id })).toMatchObject(isMissing)
    expect(ok(await resend.contacts.remove({ audienceId, email: 'old@there.example' }))).toMatchObject({
      deleted: true,
    })
    expect(await resend.contacts.get(id)).toMatchObject(isMissing)
    expect(ok(await resend.contacts.remove({ audienceId, id }))).toMatchObject({ contact: id, deleted: true })
    expect(await resend.contacts.remove(id)).toMatchObject(isMissing)
    expect((await ask('DELETE', `/audiences/${audienceId}`)).body).toEqual({
      object: 'audience',
      id: audienceId,
      deleted: true,
    })
  })

  it('leave topics and come back', async () => {
    const { resend, workspace } = world
    const topic = ok(await resend.topics.create({ name: 'Weekly', defaultSubscription: 'opt_in' }))
    expect(ok(await resend.topics.get(topic.id))).toMatchObject({
      object: 'topic',
      name: 'Weekly',
      default_subscription: 'opt_in',
    })
    const { id } = ok(
      await resend.contacts.create({
        email: 'leaves@there.example',
        topics: [{ id: topic.id, subscription: 'opt_out' }],
      }),
    )
    const left = ok(await resend.contacts.topics.list({ id }))
    expect(left.data).toMatchObject([{ id: topic.id, name: 'Weekly', subscription: 'opt_out' }])
    const mail = {
      from: workspace.from,
      to: 'leaves@there.example',
      subject: 'x',
      text: 'x',
      topicId: topic.id,
    }
    const one = ok(await resend.emails.send(mail))
    expect(ok(await resend.emails.get(one.id)).last_event).toBe('suppressed')
    expect(
      ok(await resend.contacts.topics.update({ id, topics: [{ id: topic.id, subscription: 'opt_in' }] })).id,
    ).toBe(id)
    const two = ok(await resend.emails.send(mail))
    expect(ok(await resend.emails.get(two.id)).last_event).toBe('queued')
    ok(await resend.topics.update({ id: topic.id, name: 'Monthly' }))
    expect(ok(await resend.topics.list()).data).toMatchObject([{ name: 'Monthly' }])
    expect(ok(await resend.topics.remove(topic.id))).toMatchObject({ deleted: true })
  })
})

describe('broadcasts', () => {
  it('are drafted, changed, sent to a segment with names filled in, and shown', async () => {
    const { resend, workspace } = world
    const segment = ok(await resend.segments.create({ name: 'Readers' }))
    const segments = [{ id: segment.id }]
    ok(await resend.contacts.create({ email: 'b1@there.example', firstName: 'Bea', segments }))
    ok(await resend.contacts.create({ email: 'b2@there.example', segments }))
    ok(await resend.contacts.create({ email: 'b3@there.example', unsubscribed: true, segments }))
    const { id } = ok(
      await resend.broadcasts.create({
        segmentId: segment.id,
        from: `Acme <${workspace.from}>`,
        subject: 'Hello',
        replyTo: 'answers@there.example',
        html: '<p>Hi {{{FIRST_NAME|there}}} {{{contact.last_name}}}</p><a href="{{{RESEND_UNSUBSCRIBE_URL}}}">leave</a>',
      }),
    )
    expect(id).toMatch(UUID)
    ok(
      await resend.broadcasts.update(id, { name: 'November', subject: 'Hello {{{contact.first_name|you}}}' }),
    )
    expect(ok(await resend.broadcasts.get(id))).toMatchObject({
      object: 'broadcast',
      id,
      name: 'November',
      segment_id: segment.id,
      audience_id: segment.id,
      from: `Acme <${workspace.from}>`,
      reply_to: ['answers@there.example'],
      status: 'draft',
      sent_at: null,
      text: expect.stringMatching(/^Hi \{\{\{FIRST_NAME\|there\}\}\} \{\{\{contact\.last_name\}\}\}/),
    })
    expect(ok(await resend.broadcasts.send(id)).id).toBe(id)
    await eventually(async () => {
      await runner.round()
      return ok(await resend.broadcasts.get(id)).status === 'sent' ? true : undefined
    }, 'the end of the broadcast')
    expect(ok(await resend.broadcasts.get(id)).sent_at).toEqual(expect.any(String))
    const mails = ok(await resend.emails.list({ limit: 100 })).data.filter(({ subject }) =>
      subject.startsWith('Hello'),
    )
    expect(
      mails.map(({ to, subject }) => `${to[0]} ${subject}`).toSorted((a, b) => a.localeCompare(b)),
    ).toEqual(['b1@there.example Hello Bea', 'b2@there.example Hello you'])
    const own = ok(await resend.emails.get(mails.find(({ to }) => to[0] === 'b2@there.example')?.id ?? ''))
    expect(own.html).toContain('<p>Hi there </p>')
    expect(own.html).toMatch(/href="https?:\/\//)
    expect(own.text).toMatch(/^Hi there/)
  })

  it('are scheduled in words, cancelled, listed and removed', async () => {
    const { resend, workspace } = world
    const segment = ok(await resend.segments.create({ name: 'Later' }))
    const draft = { segmentId: segment.id, from: workspace.from, subject: 'Later', html: '<p>x</p>' }
    const { id } = ok(await resend.broadcasts.create({ ...draft, send: true, scheduledAt: 'in 2 hours' }))
    const shown = ok(await resend.broadcasts.get(id))
    expect(shown).toMatchObject({ status: 'scheduled', name: 'Later' })
    expect(Math.abs(Date.parse(String(shown.scheduled_at)) - Date.now() - 7_200_000)).toBeLessThan(60_000)
    expect(ok(await resend.broadcasts.list()).data.map((one) => one.id)).toContain(id)
    expect(ok(await resend.broadcasts.remove(id))).toMatchObject({ object: 'broadcast', id, deleted: true })
    expect(await resend.broadcasts.get(id)).toMatchObject(isMissing)
    const second = ok(await resend.broadcasts.create(draft))
    expect(ok(await resend.broadcasts.duplicate(second.id)).id).not.toBe(second.id)
    ok(await resend.broadcasts.send(second.id, { scheduledAt: 'tomorrow at 9am' }))
    expect(ok(await resend.broadcasts.cancel(second.id)).id).toBe(second.id)
    expect(ok(await resend.broadcasts.get(second.id))).toMatchObject({ status: 'draft', scheduled_at: null })
    expect(await resend.broadcasts.cancel(second.id)).toMatchObject({
      error: { statusCode: 403, name: 'validation_error' },
    })
    expect(await world.ask('PATCH', `/broadcasts/${second.id}`, { body: {} })).toMatchObject({
      status: 200,
      body: { id: second.id },
    })
    ok(await resend.broadcasts.update(second.id, { subject: 'Sooner' }))
    ok(await resend.contacts.create({ email: 'later@there.example', segments: [{ id: segment.id }] }))
    ok(await resend.broadcasts.send(second.id))
    await eventually(async () => {
      await runner.round()
      return ok(await resend.broadcasts.get(second.id)).status === 'sent' ? true : undefined
    }, 'the end of the broadcast that was a draft again')
    const subjects = ok(await resend.emails.list({ limit: 100 })).data.map(({ subject }) => subject)
    expect(subjects.filter((subject) => subject === 'Sooner')).toHaveLength(1)
    expect(await resend.broadcasts.create({ ...draft, segmentId: NOBODY })).toMatchObject({
      error: { name: expect.stringMatching(/^(not_found|validation_error)$/) },
    })
    expect(await world.ask('POST', '/broadcasts', { body: { subject: 'x' } })).toMatchObject({
      status: 422,
      body: { name: 'missing_required_field' },
    })
  })
})
