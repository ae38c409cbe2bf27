import PostalMime from 'postal-mime'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { decodeId } from '../../src/kernel/ids.ts'
import { eraseTemplates } from '../../src/modules/templates/versions-store.ts'
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

const ORDER = {
  subject: 'Order {{ order.id }} for {{ name }}',
  html: '<h1 title="{{ name }}">Hello {{ name }}</h1>{% for item in order.items %}<li>{{ item }}</li>{% endfor %}',
  text: 'Hello {{ name }}{% for item in order.items %}\n* {{ item }}{% endfor %}',
}
const DATA = { name: 'Ann', order: { id: 7, items: ['Grüße', 'Tea & cake'] } }
const BOMB =
  '{% for a in (1..9999) %}{% for b in (1..9999) %}{% for c in (1..9999) %}x{% endfor %}{% endfor %}{% endfor %}'

function desk(workspace: Pick<TestWorkspace, 'key'>) {
  const call = (method: string, path: string, body?: unknown): Promise<Answer> =>
    api.call(workspace.key, method, `/v1/templates${path}`, body)
  async function ok(method: string, path: string, body?: unknown): Promise<Answer['body']> {
    const answer = await call(method, path, body)
    expect(answer.status, answer.text).toBeLessThan(300)
    return answer.body
  }
  async function published(alias: string, content: Record<string, unknown> = ORDER): Promise<string> {
    const { id } = await ok('POST', '', { name: alias, alias, ...content })
    await ok('POST', `/${id}/versions/1/publish`)
    return id
  }
  return { call, ok, published }
}

const send = (
  workspace: TestWorkspace,
  template: unknown,
  over: Record<string, unknown> = {},
): Promise<Answer> =>
  api.call(workspace.key, 'POST', '/v1/messages', {
    from: workspace.from,
    to: 'ann@there.example',
    template,
    ...over,
  })

const names = (body: { data: { name: string }[] }): string[] => body.data.map((item) => item.name)

/** How many messages a workspace has. */
async function messagesOf(workspace: TestWorkspace): Promise<number> {
  return (await api.call(workspace.key, 'GET', '/v1/messages')).body.data.length
}

async function delivered(workspace: TestWorkspace, id: string) {
  await workspace.ended(id)
  const { messageIdHeader } = await workspace.get(id)
  const raw = await eventually(
    () => sink.messages().find((kept) => kept.raw.includes(messageIdHeader))?.raw,
    'the message in the sink',
  )
  return PostalMime.parse(raw)
}

describe('a message from a template', () => {
  it('arrives with what the preview showed, whoever wrote what into its data', async () => {
    const workspace = await sendingWorkspace(api)
    const { ok, published } = desk(workspace)
    const id = await published('order-shipped')
    const hostile = '<a href=//evil.example>"\'&\r\nBcc: eve@evil.example\r\n\r\n{{ order.id }}'
    for (const data of [DATA, { ...DATA, name: hostile }]) {
      const preview = await ok('POST', '/preview', { templateId: id, data })
      expect(preview).toMatchObject({ ok: true, problems: [], templateId: id, version: 1 })
      const accepted = await send(workspace, { id: 'order-shipped', data })
      expect(accepted.status, accepted.text).toBe(202)
      const mail = await delivered(workspace, accepted.body.id)
      expect(mail.subject).toBe(preview.subject)
      expect(mail.html?.replaceAll('\r\n', '\n').trimEnd()).toBe(
        preview.html.replaceAll('\r\n', '\n').trimEnd(),
      )
      expect(mail.text?.replaceAll('\r\n', '\n').trimEnd()).toBe(
        preview.text.replaceAll('\r\n', '\n').trimEnd(),
      )
      expect(mail.bcc ?? []).toEqual([])
      expect(await workspace.get(accepted.body.id)).toMatchObject({
        template: { id, version: 1 },
        tags: [],
        subject: preview.subject,
      })
    }
    const [head] = (sink.messages().at(-1)?.raw.toString() ?? '').split('\r\n\r\n')
    expect(head).toContain('Subject: Order 7 for <a href=//evil.example>')
    expect(head).not.toMatch(/^Bcc:/im)
    const found = await api.call(workspace.key, 'GET', `/v1/messages?tag=template:${id}`)
    expect(found.body.data).toHaveLength(2)
  })

  it('says what its version says, also when others were published since', async () => {
    const workspace = await sendingWorkspace(api)
    const { ok, published } = desk(workspace)
    const id = await published('news', { subject: 'one', text: 'one' })
    await ok('POST', `/${id}/versions`, { subject: 'two', text: 'two' })
    const subjectOf = async (template: Record<string, unknown>) => {
      const { status, body, text } = await send(workspace, template)
      expect(status, text).toBe(202)
      const { subject, template: from } = await workspace.get(body.id)
      return [subject, from.version]
    }
    expect(await subjectOf({ id })).toEqual(['one', 1])
    await ok('POST', `/${id}/versions/2/publish`)
    expect(await subjectOf({ id })).toEqual(['two', 2])
    expect(await subjectOf({ id, version: 1 })).toEqual(['one', 1])
    // A rollback is publishing what was before.
    await ok('POST', `/${id}/versions/1/publish`)
    expect(await subjectOf({ id: 'news' })).toEqual(['one', 1])
    expect((await ok('GET', `/${id}`)).publications.map((item: { version: number }) => item.version)).toEqual(
      [1, 2, 1],
    )
  })

  it('is refused whole where the template cannot be rendered, with the place, and nothing of it is accepted', async () => {
    const workspace = await sendingWorkspace(api)
    const { published } = desk(workspace)
    await published('strict', { subject: 'x', text: 'a\n{{ name }}{{ n | divided_by: zero }}' })
    const refused = await send(workspace, { id: 'strict', strict: true, data: { n: 1, zero: 1 } })
    expect(refused.status).toBe(422)
    expect(refused.body).toMatchObject({
      code: 'template_failed',
      detail:
        'The template strict (version 1) could not be rendered: text, line 2, column 4: The data holds no "name".',
      errors: [{ field: 'template.text', problem: 'The data holds no "name".', line: 2, column: 4 }],
    })
    const batch = await api.call(workspace.key, 'POST', '/v1/messages/batch', {
      messages: [
        { from: workspace.from, to: 'a@x.example', template: { id: 'strict', strict: true } },
        {
          from: workspace.from,
          to: 'b@x.example',
          template: { id: 'strict', strict: true, data: { name: 'B', n: 1, zero: 1 } },
        },
      ],
    })
    expect(batch.body.data.map((item: { status: number }) => item.status)).toEqual([422, 202])
    expect(await messagesOf(workspace)).toBe(1)
  })

  it('is said in one way only, by a template that there is', async () => {
    const workspace = await sendingWorkspace(api)
    const { ok, published } = desk(workspace)
    const id = await published('one')
    await ok('POST', `/${id}/versions`, ORDER)
    await ok('POST', '', { name: 'draft', alias: 'draft', ...ORDER })
    const other = desk(await sendingWorkspace(api))
    const foreign = await other.published('foreign')
    const problemOf = async (template: unknown, over: Record<string, unknown> = {}) => {
      const { status, body } = await send(workspace, template, over)
      return [status, body.errors?.[0]?.field, body.errors?.[0]?.problem]
    }
    const beside = 'stands beside template, which says it; leave one of them out'
    const none = 'names no template of this workspace'
    expect(await problemOf({ id }, { html: 'x' })).toEqual([400, 'html', beside])
    expect(await problemOf({ id }, { text: 'x' })).toEqual([400, 'text', beside])
    expect(await problemOf(undefined, { text: 'x' })).toEqual([400, 'subject', 'is missing'])
    expect(await problemOf({ id: 'nothing' })).toEqual([400, 'template.id', none])
    expect(await problemOf({ id: foreign })).toEqual([400, 'template.id', none])
    expect(await problemOf({ id: 'foreign' })).toEqual([400, 'template.id', none])
    expect(await problemOf({ id: 'draft' })).toEqual([400, 'template.id', 'has no published version yet'])
    expect(await problemOf({ id, version: 2 })).toEqual([
      400,
      'template.version',
      'is a draft: version 2 was never published',
    ])
    expect(await problemOf({ id, version: 9 })).toEqual([
      400,
      'template.version',
      'is no version of this template: it has no 9',
    ])
    await ok('DELETE', `/${id}`)
    expect(await problemOf({ id })).toEqual([400, 'template.id', none])
    expect(await messagesOf(workspace)).toBe(0)
  })

  it('of hundreds in a batch is rendered for each with its own data', async () => {
    const workspace = await sendingWorkspace(api)
    await desk(workspace).published('many', { subject: 'Hello {{ n }}', text: '{{ n }}' })
    const { body } = await api.call(workspace.key, 'POST', '/v1/messages/batch', {
      messages: Array.from({ length: 400 }, (_, n) => ({
        from: workspace.from,
        to: `a${n}@x.example`,
        template: { id: 'many', data: { n } },
      })),
    })
    expect(body).toMatchObject({ accepted: 400, refused: 0 })
    const some = await Promise.all([0, 199, 399].map((n) => workspace.get(body.data[n].message.id)))
    expect(some.map((message) => message.subject)).toEqual(['Hello 0', 'Hello 199', 'Hello 399'])
  })

  it('that is sensitive keeps nothing of its data that anybody could read', async () => {
    const workspace = await sendingWorkspace(api)
    const id = await desk(workspace).published('reset', { subject: 'Code {{ code }}', text: '{{ code }}' })
    const data = { code: '271828' }
    // Whoever may publish would read the secrets of mail to come: it names a text that nobody changes.
    for (const unpinned of [{ id }, { id: 'reset', version: 1 }])
      expect((await send(workspace, { ...unpinned, data }, { sensitive: true })).status).toBe(400)
    const { body } = await send(workspace, { id, version: 1, data }, { sensitive: true })
    const shown = await api.call(workspace.key, 'GET', `/v1/messages/${body.id}`)
    expect(shown.body).toMatchObject({ subject: null, sensitive: true })
    expect(shown.text).not.toContain('271828')
  })
})

describe('a template', () => {
  it('has versions that change as drafts and never again once published, not even by its process in the database', async () => {
    const workspace = await sendingWorkspace(api)
    const { ok, call, published } = desk(workspace)
    const id = await published('one')
    const before = await ok('GET', `/${id}/versions/1`)
    const draft = await ok('POST', `/${id}/versions`, { subject: 'b', text: 'b', note: 'try' })
    expect(draft).toMatchObject({ number: 2, state: 'draft', isActive: false, note: 'try' })
    const changed = await ok('PATCH', `/${id}/versions/2`, { text: 'c', ifHash: draft.hash })
    expect(changed).toMatchObject({ subject: 'b', text: 'c', note: 'try' })
    const late = await call('PATCH', `/${id}/versions/2`, { text: 'd', ifHash: draft.hash })
    expect([late.status, late.body.detail]).toEqual([
      409,
      'Version 2 was changed meanwhile. Read it again, then try again.',
    ])
    expect((await call('PATCH', `/${id}/versions/1`, { text: 'x' })).status).toBe(409)
    expect((await call('DELETE', `/${id}/versions/2`)).status).toBe(204)
    expect(await ok('GET', `/${id}/versions/1`)).toEqual(before)
    // Numbers are never used again.
    expect((await ok('POST', `/${id}/versions`, ORDER)).number).toBe(3)

    const uuid = decodeId('template', id)
    const pool = api.database.pool('bulkhead_api')
    const tamper = (sql: string) =>
      pool.transaction((transaction) => transaction.query(sql, [uuid]), { workspaceId: workspace.uuid })
    for (const sql of [
      `update template_version set sealed_content = '\\x00' where template_id = $1 and number = 1`,
      `delete from template_version where template_id = $1 and number = 1`,
      `update template_version set published_at = null where template_id = $1 and number = 1`,
      `insert into template_publication (workspace_id, template_id, sequence, number, published_by)
       select workspace_id, template_id, 99, 3, 'x' from template_version where template_id = $1 and number = 3`,
      `update template_publication set number = 3 where template_id = $1`,
      `delete from template_publication where template_id = $1`,
    ])
      await expect(tamper(sql), sql).rejects.toMatchObject({ code: '42501' })
  })

  it('has versions that take each other’s place, and puts away what was published instead of erasing it', async () => {
    const workspace = await sendingWorkspace(api)
    const { ok, call, published } = desk(workspace)
    const id = await published('line')
    const first = await ok('GET', `/${id}/versions/1`)
    const next = await ok('POST', `/${id}/versions`, { subject: 'b', text: 'b', follows: 1 })
    expect([first.lineageId, next.lineageId]).toEqual([first.id, first.id])
    const other = await ok('POST', `/${id}/versions`, { subject: 'c', text: 'c' })
    const numbers = async (query = '') =>
      (await ok('GET', `/${id}/versions${query}`)).data.map((row: { number: number }) => row.number)
    expect(await numbers()).toEqual([3, 2, 1])
    expect(await numbers('?latest=true')).toEqual([3, 2])
    expect(await numbers(`?lineageId=${first.id}`)).toEqual([2, 1])
    await ok('POST', `/${id}/versions/2/publish`)
    expect((await call('DELETE', `/${id}/versions/2`)).status).toBe(204)
    expect(await numbers()).toEqual([other.number])
    expect(await ok('GET', `/${id}`)).toMatchObject({ activeVersion: null, active: null, versions: 1 })
    expect(await ok('GET', `/${id}/versions/1`)).toMatchObject({
      subject: first.subject,
      retiredAt: expect.any(String),
    })
    expect((await call('POST', `/${id}/versions/2/publish`)).status).toBe(409)
    expect((await ok('GET', '?dialects=liquid,resend')).data).toHaveLength(1)
    expect((await ok('GET', '?dialects=resend')).data).toEqual([])
  })

  it('is stored so that its words are not readable and cannot be moved to another version', async () => {
    const workspace = await sendingWorkspace(api)
    const { published, call } = desk(workspace)
    const secret = 'PLAINTEXT-OF-A-TEMPLATE'
    const content = { subject: secret, html: secret, text: secret, sampleData: { a: secret }, note: secret }
    await published('one', content)
    const other = await published('two', { subject: 'x', text: 'x' })
    const owner = api.database.pool('superuser')
    const { rows } = await owner.query<{ readable: string; sealed: Buffer }>(
      `select (to_jsonb(v) || to_jsonb(t))::text as readable, v.sealed_head || v.sealed_content as sealed
       from template_version v join template t on t.id = v.template_id
       where v.workspace_id = $1`,
      [workspace.uuid],
    )
    expect(rows.length).toBe(2)
    for (const { readable, sealed } of rows) {
      expect(readable).toContain('"alias"')
      expect(readable).not.toContain(secret)
      expect(sealed.length).toBeGreaterThan(90)
      expect(sealed.includes(secret)).toBe(false)
    }
    // Whoever owns the database can put other bytes there; they do not open.
    await owner.query(`alter table template_version disable trigger keep_published`)
    await owner.query(
      `update template_version v set sealed_content = o.sealed_content, sealed_head = o.sealed_head
       from template_version o where o.workspace_id = v.workspace_id and v.template_id = $1 and o.template_id <> $1`,
      [decodeId('template', other)],
    )
    await owner.query(`alter table template_version enable always trigger keep_published`)
    expect((await call('GET', `/${other}/versions/1`)).status).toBe(500)
    expect((await send(workspace, { id: other })).status).toBe(500)
  })

  it('is found by its name and alias, listed by page, copied, renamed, deleted and brought back', async () => {
    const workspace = await sendingWorkspace(api)
    const { ok, call, published } = desk(workspace)
    const ids = []
    for (const name of ['order-shipped', 'order-returned', 'welcome']) ids.unshift(await published(name))
    expect(names(await ok('GET', '?search=ORDER'))).toEqual(['order-returned', 'order-shipped'])
    expect(names(await ok('GET', '?search=%25'))).toEqual([])
    const first = await ok('GET', '?limit=2')
    expect(names(first)).toEqual(['welcome', 'order-returned'])
    expect(names(await ok('GET', `?limit=2&cursor=${first.nextCursor}`))).toEqual(['order-shipped'])

    const copy = await ok('POST', '/welcome/duplicate', { alias: 'hello' })
    expect(copy).toMatchObject({ name: 'welcome (copy)', activeVersion: null, newestState: 'draft' })
    expect(await ok('GET', '/hello/versions/1')).toMatchObject({ html: ORDER.html, subject: ORDER.subject })
    expect((await call('PATCH', '/hello', { alias: 'welcome' })).body).toMatchObject({ code: 'conflict' })
    expect(await ok('PATCH', '/hello', { alias: null, name: 'Hi' })).toMatchObject({
      name: 'Hi',
      alias: null,
    })

    await ok('DELETE', '/welcome')
    expect((await call('GET', '/welcome')).status).toBe(404)
    expect(names(await ok('GET', '?deleted=true'))).toEqual(['welcome'])
    expect(await ok('PATCH', `/${copy.id}`, { alias: 'welcome' })).toMatchObject({ alias: 'welcome' })
    expect(await ok('POST', `/${ids[0]}/restore`)).toMatchObject({
      name: 'welcome',
      alias: null,
      activeVersion: 1,
    })
    expect((await call('POST', `/${ids[0]}/restore`)).status).toBe(409)
  })

  it('is erased thirty days after it was deleted, and not before', async () => {
    const workspace = await sendingWorkspace(api)
    const { ok, published } = desk(workspace)
    const [old, fresh] = [await published('old'), await published('fresh')]
    await ok('DELETE', `/${old}`)
    await ok('DELETE', `/${fresh}`)
    const owner = api.database.pool('superuser')
    await owner.query(`update template set deleted_at = now() - interval '30 days 1 minute' where id = $1`, [
      decodeId('template', old),
    ])
    expect(await eraseTemplates(api.database.pool('bulkhead_worker'), 30, 100)).toBe(1)
    const { rows } = await owner.query(
      'select v.template_id as id from template_version v where v.workspace_id = $1',
      [workspace.uuid],
    )
    expect(rows).toEqual([{ id: decodeId('template', fresh) }])
  })

  it('cannot be published where it could never be sent', async () => {
    const { ok, call } = desk(await sendingWorkspace(api))
    for (const [html, line] of [
      ['<p>\n{{ a | nope }}', 2],
      ['{% if a %}', 1],
      [BOMB, 1],
    ] as const) {
      const { id } = await ok('POST', '', { name: 'x', subject: 'x', html })
      const refused = await call('POST', `/${id}/versions/1/publish`)
      expect([refused.status, refused.body.code, refused.body.errors[0]]).toEqual([
        422,
        'template_failed',
        { field: 'html', problem: expect.any(String), line, column: expect.any(Number) },
      ])
    }
    // What only data can tell is no reason: the sample may be empty.
    const { id } = await ok('POST', '', { name: 'x', subject: 'x', text: '{{ a.b | slice: 1 }}{{ c }}' })
    await ok('POST', `/${id}/versions/1/publish`)
  })

  it('tells the audit log who published what instead of what, by its hash and without its words', async () => {
    const workspace = await sendingWorkspace(api)
    const { ok, published } = desk(workspace)
    const id = await published('audited')
    await ok('POST', `/${id}/versions`, { subject: 'SECRET WORDS', text: 'SECRET WORDS' })
    const second = await ok('POST', `/${id}/versions/2/publish`)
    interface Entry {
      readonly detail: { readonly hash: string; readonly before: unknown }
    }
    const rows = await eventually(async () => {
      const { body } = await api.call(workspace.key, 'GET', '/v1/audit?action=template.published')
      return body.data.length === 2 ? (body.data as Entry[]) : undefined
    }, 'both records')
    expect(rows.map(({ detail }) => detail.hash)).toContain(second.active.hash)
    expect(rows.map(({ detail }) => detail.before)).toContainEqual({
      version: 1,
      hash: second.publications[1].hash,
    })
    expect(JSON.stringify(rows)).not.toContain('SECRET')
  })
})

describe('a preview', () => {
  it('shows what is wrong and goes on with the rest', async () => {
    const { ok, call } = desk(await sendingWorkspace(api))
    const shown = await ok('POST', '/preview', {
      subject: 'Hi {{ n }}',
      html: 'a\n {{ x | nope }}',
      text: '{{ n }}',
      data: { n: 1 },
    })
    expect(shown).toMatchObject({
      ok: false,
      subject: 'Hi 1',
      html: null,
      text: '1',
      sizes: { subject: 4, html: 0, text: 1 },
      problems: [{ part: 'html', severity: 'error', code: 'unknown_filter', line: 2, column: 2 }],
      variables: [{ name: 'n', parts: ['subject', 'text'], isMissing: false }],
      templateId: null,
    })
    expect((await call('POST', '/preview', { data: {} })).status).toBe(400)
  })

  it('uses the sample data of a version, drafts too', async () => {
    const { ok } = desk(await sendingWorkspace(api))
    const { id } = await ok('POST', '', { name: 'x', ...ORDER, sampleData: DATA })
    expect(await ok('POST', '/preview', { templateId: id })).toMatchObject({
      subject: 'Order 7 for Ann',
      version: 1,
    })
    expect(await ok('POST', '/preview', { templateId: id, data: {} })).toMatchObject({ subject: 'Order for' })
  })
})

describe('a hostile workspace', () => {
  it('with bombs harms nobody else: its calls end with a problem each, those of others go on meanwhile', async () => {
    const [evil, good] = [await sendingWorkspace(api), await sendingWorkspace(api)]
    await desk(good).published('fine')
    // The processes that render are there.
    await Promise.all([1, 2].map(() => desk(good).ok('POST', '/preview', { templateId: 'fine', data: DATA })))
    const bombs = Array.from({ length: 4 }, () =>
      desk(evil).call('POST', '/preview', { subject: 'x', html: BOMB }),
    )
    let bombsDone = 0
    for (const bomb of bombs) void bomb.then(() => (bombsDone += 1))
    const sent = await send(good, { id: 'fine', data: DATA })
    expect(sent.status, sent.text).toBe(202)
    expect(bombsDone).toBeLessThan(3)
    for (const { status, body } of await Promise.all(bombs)) {
      expect(status).toBe(200)
      expect(body).toMatchObject({
        ok: false,
        html: null,
        problems: [{ code: 'time_limit' }, expect.anything()],
      })
    }
  })

  it('sees, renders and changes no template of another', async () => {
    const [ours, theirs] = [desk(await sendingWorkspace(api)), desk(await sendingWorkspace(api))]
    const id = await theirs.published('theirs')
    for (const [method, path, body] of [
      ['GET', `/${id}`],
      ['GET', '/theirs'],
      ['GET', `/${id}/versions/1`],
      ['PATCH', `/${id}`, { name: 'x' }],
      ['POST', `/${id}/versions`, ORDER],
      ['POST', `/${id}/versions/1/publish`],
      ['POST', `/${id}/duplicate`, {}],
      ['POST', '/preview', { templateId: id }],
      ['DELETE', `/${id}`],
    ] as const)
      expect((await ours.call(method, path, body)).status, `${method} ${path}`).toBe(404)
    expect((await ours.ok('GET', '')).data).toEqual([])
    expect(await theirs.ok('GET', `/${id}`)).toMatchObject({ name: 'theirs', versions: 1 })
  })
})

describe('a contained workspace', () => {
  it('changes no sender: nothing is published or restored, drafts and previews go on, and lifting brings it back', async () => {
    const workspace = await sendingWorkspace(api)
    const { ok, call, published } = desk(workspace)
    const id = await published('kept')
    await ok('POST', `/${id}/versions`, ORDER)
    const contain = (capabilities: readonly string[]) =>
      api.call(workspace.key, 'POST', '/v1/containments', { capabilities, reason: 'We look into it.' })
    expect((await contain(['sender-change'])).status).toBe(201)
    expect((await call('POST', `/${id}/versions/2/publish`)).status).toBe(423)
    expect((await call('PATCH', `/${id}`, { alias: 'other' })).status).toBe(423)
    await ok('PATCH', `/${id}/versions/2`, { note: 'goes on' })
    expect((await send(workspace, { id, data: DATA })).status).toBe(202)
    // The database refuses it too, whatever the process believes.
    await expect(
      api.database.pool('bulkhead_api').transaction(
        async (transaction) => {
          await transaction.query(
            'update template_version set published_at = now() where template_id = $1 and number = 2',
            [decodeId('template', id)],
          )
          await transaction.query(
            `insert into template_publication (workspace_id, template_id, sequence, number, published_by) values ($1, $2, 9, 2, 'x')`,
            [workspace.uuid, decodeId('template', id)],
          )
        },
        { workspaceId: workspace.uuid },
      ),
    ).rejects.toMatchObject({ code: 'BH423' })
    expect((await contain(['write'])).status).toBe(201)
    for (const [method, path, body] of [
      ['POST', '', { name: 'x', ...ORDER }],
      ['POST', `/${id}/versions`, ORDER],
      ['PATCH', `/${id}/versions/2`, { note: 'x' }],
      ['DELETE', `/${id}`],
    ] as const)
      expect((await call(method, path, body)).status, `${method} ${path}`).toBe(423)
    expect(await ok('POST', '/preview', { templateId: id, data: DATA })).toMatchObject({ ok: true })
  })
})
