import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { decodeId } from '../../src/kernel/ids.ts'
import { startApi } from './api-fixture.ts'
import type { ApiFixture } from './api-fixture.ts'
import { eventually, sendingWorkspace } from './engine-fixture.ts'
import type { TestWorkspace } from './engine-fixture.ts'
import { startInbound } from './inbound-fixture.ts'
import { contentOf, fetchLink, FORM, linksIn, ONE_CLICK, pathOf } from './tracking-fixture.ts'

let api: ApiFixture
let workspace: TestWorkspace

beforeAll(async () => {
  api = await startApi()
  workspace = await sendingWorkspace(api)
})
afterAll(() => api[Symbol.asyncDispose]())

let people = 0
const anAddress = (): string => `reader${(people += 1)}@example.com`

async function newsletter(over: Record<string, unknown> = {}) {
  const email = anAddress()
  const id = await workspace.send({ to: email, lane: 'bulk', html: '<p>News</p>', ...over })
  return { id, email, ...(await linksIn(await contentOf(api, workspace, id))) }
}

async function post(path: string, body: string, headers: Record<string, string> = FORM) {
  return fetchLink(api, 'POST', path, { headers, body })
}

/** Everything that was asked for is done: by this round, or by the loop that was woken. */
async function settled(): Promise<void> {
  await api.tracked.unsubscribeLoop.round()
  await eventually(async () => {
    const { rows } = await api.database
      .pool('superuser')
      .query('select 1 from unsubscribe_request where applied_at is null')
    return rows.length === 0 ? true : undefined
  }, 'unsubscribes are applied')
}

async function listed(
  email: string,
): Promise<{ reason: string; appliesTo?: string; evidence: unknown; messageId: string }[]> {
  await settled()
  const { body } = await api.call(workspace.key, 'GET', `/v1/suppressions?email=${encodeURIComponent(email)}`)
  return body.data
}

async function states(to: string, lane: string): Promise<unknown> {
  const { states: found } = await workspace.get(await workspace.send({ to, lane }))
  return found
}

async function unsubscribedEvents(id: string): Promise<unknown[]> {
  const { timeline } = await workspace.get(id)
  return timeline.filter((entry: { type: string }) => entry.type === 'message.unsubscribed')
}

describe('one click', () => {
  it('ends bulk mail to that recipient, and no other mail', async () => {
    const { id, email, unsubscribe, header } = await newsletter()
    expect(header('list-unsubscribe-post')).toBe('List-Unsubscribe=One-Click')
    const answer = await post(pathOf(unsubscribe), ONE_CLICK)
    expect([answer.status, answer.headers['set-cookie']]).toEqual([200, undefined])
    expect(await listed(email)).toMatchObject([
      { reason: 'unsubscribe', messageId: id, evidence: { via: 'one-click' } },
    ])
    expect(await states(email, 'bulk')).toEqual({ suppressed: 1 })
    expect(await states(email, 'transactional')).toEqual({ pending: 1 })
    expect(await states(email, 'critical')).toEqual({ pending: 1 })
    expect(await unsubscribedEvents(id)).toMatchObject([{ recipient: 1, detail: { via: 'one-click' } }])
  })

  it('works as multipart/form-data too (RFC 8058 §3.2), and twice is once', async () => {
    const { id, email, unsubscribe } = await newsletter()
    const body =
      '--x\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--x--\r\n'
    for (let time = 0; time < 2; time += 1)
      expect(
        (await post(pathOf(unsubscribe), body, { 'content-type': 'multipart/form-data; boundary=x' })).status,
      ).toBe(200)
    expect(await listed(email)).toHaveLength(1)
    await post(pathOf(unsubscribe), ONE_CLICK)
    expect(await listed(email)).toHaveLength(1)
    expect(await unsubscribedEvents(id)).toHaveLength(1)
  })

  it('is what bulk mail always has, other mail when asked, and none that says itself how', async () => {
    expect((await newsletter({ lane: 'transactional' })).unsubscribe).toBe(undefined)
    expect((await newsletter({ lane: 'transactional', unsubscribe: true })).unsubscribe).toBeDefined()
    const own = await newsletter({ headers: { 'list-unsubscribe': '<https://shop.example/leave>' } })
    expect([own.header('list-unsubscribe'), own.header('list-unsubscribe-post')]).toEqual([
      '<https://shop.example/leave>',
      undefined,
    ])
    const raw = `From: ${workspace.from}\r\nTo: ann@example.com\r\nSubject: Hi\r\nX-Bulkhead-Lane: bulk\r\n\r\nHi\r\n`
    const response = await fetch(`${api.url}/v1/messages/mime`, {
      method: 'POST',
      headers: { authorization: `Bearer ${workspace.key}`, 'content-type': 'message/rfc822' },
      body: raw,
    })
    const { id } = JSON.parse(await response.text())
    const whole = await linksIn(await contentOf(api, workspace, id))
    expect([whole.unsubscribe !== undefined, whole.header('list-unsubscribe-post')]).toEqual([
      true,
      'List-Unsubscribe=One-Click',
    ])
  })
})

describe('the page', () => {
  it('changes nothing when it is looked at, by whomever', async () => {
    const { email, unsubscribe } = await newsletter()
    for (const method of ['GET', 'HEAD', 'GET']) {
      const page = await fetchLink(api, method, pathOf(unsubscribe))
      expect([page.status, page.headers['cache-control'], page.headers['referrer-policy']]).toEqual([
        200,
        'no-store',
        'no-referrer',
      ])
    }
    expect(await listed(email)).toEqual([])
  })

  it('needs no script and nothing from elsewhere, and is in a language, with a heading and a button', async () => {
    const { unsubscribe } = await newsletter()
    const page = await fetchLink(api, 'GET', pathOf(unsubscribe))
    const policy = String(page.headers['content-security-policy'])
    expect(policy).toContain("default-src 'none'")
    expect(policy).toContain("frame-ancestors 'none'")
    expect(policy).not.toMatch(/unsafe|script|https?:/)
    expect(page.text).toMatch(/<html lang="en">/)
    expect(page.text).toMatch(
      /<h1>Unsubscribe<\/h1>[^]*<form method="post">[^]*<button type="submit">Unsubscribe<\/button>/,
    )
    expect(page.text).toContain('prefers-color-scheme:dark')
    expect(page.text).not.toMatch(/<script|<link|<img|src=|@import|url\(|https?:\/\//)
  })

  it('unsubscribes by its button, and takes it back by the next one', async () => {
    const { id, email, unsubscribe } = await newsletter()
    const page = await fetchLink(api, 'GET', pathOf(unsubscribe))
    const done = await post(pathOf(unsubscribe), fieldsOf(page.text))
    expect(done.text).toContain('<h1>You are unsubscribed</h1>')
    expect(await listed(email)).toMatchObject([{ reason: 'unsubscribe', evidence: { via: 'page' } }])
    const back = await post(pathOf(unsubscribe), fieldsOf(done.text))
    expect(back.text).toContain('<h1>You are subscribed again</h1>')
    expect(await listed(email)).toEqual([])
    expect(await states(email, 'bulk')).toEqual({ pending: 1 })
    expect(await unsubscribedEvents(id)).toMatchObject([
      { detail: { via: 'page' } },
      { detail: { via: 'page', undone: true } },
    ])
    await post(pathOf(unsubscribe), fieldsOf(back.text))
    expect(await listed(email)).toHaveLength(1)
  })

  it('takes nothing back that the sender or a bounce has put there', async () => {
    const { email, unsubscribe } = await newsletter()
    await api.call(workspace.key, 'POST', '/v1/suppressions', { email })
    await post(pathOf(unsubscribe), ONE_CLICK)
    expect(await listed(email)).toMatchObject([{ reason: 'manual' }])
    await post(pathOf(unsubscribe), 'action=resubscribe')
    expect(await listed(email)).toMatchObject([{ reason: 'manual' }])
  })

  it('takes nothing back by the link of another message, which somebody may have been sent on', async () => {
    const { id, email, unsubscribe } = await newsletter()
    const another = await newsletter({ to: email })
    await post(pathOf(unsubscribe), ONE_CLICK)
    expect(await listed(email)).toMatchObject([{ messageId: id }])
    await post(pathOf(another.unsubscribe), ONE_CLICK)
    await post(pathOf(another.unsubscribe), 'action=resubscribe')
    expect(await listed(email)).toMatchObject([{ messageId: id }])
  })

  it('does nothing for a POST that does not ask for it', async () => {
    const { email, unsubscribe } = await newsletter()
    for (const body of ['', 'x=1', 'List-Unsubscribe=Maybe', 'action=delete', '\0\0'])
      expect((await post(pathOf(unsubscribe), body)).status, body).toBe(400)
    expect((await post(pathOf(unsubscribe), `${ONE_CLICK}&x=${'y'.repeat(9_000)}`)).status).toBe(413)
    expect(
      (
        await post(pathOf(unsubscribe), '{"List-Unsubscribe":"One-Click"}', {
          'content-type': 'application/json',
        })
      ).status,
    ).toBe(400)
    expect((await post(pathOf(unsubscribe), ONE_CLICK, { 'content-type': 'text/html' })).status).toBe(415)
    expect(await listed(email)).toEqual([])
  })

  it('asks for the address where the message has several recipients, and believes only those', async () => {
    const [ann, bob] = [anAddress(), anAddress()]
    const id = await workspace.send({ to: [ann, bob], lane: 'bulk' })
    const links = await linksIn(await contentOf(api, workspace, id))
    expect([links.header('list-unsubscribe-post'), links.mailto]).toEqual([undefined, undefined])
    const path = pathOf(links.unsubscribe)
    expect((await fetchLink(api, 'GET', path)).text).toContain('type="email"')
    expect((await post(path, ONE_CLICK)).status).toBe(400)
    const answers = [
      await post(path, `${ONE_CLICK}&address=${encodeURIComponent(ann.toUpperCase())}`),
      await post(path, `${ONE_CLICK}&address=stranger@example.com`),
    ]
    expect(answers[0]?.text).toBe(answers[1]?.text)
    expect(await listed(ann)).toHaveLength(1)
    expect(await listed(bob)).toEqual([])
    expect(await listed('stranger@example.com')).toEqual([])
    expect(await unsubscribedEvents(id)).toMatchObject([{ recipient: 1 }])
    // Bob has the link and knows Ann's address: what she wanted is not his to take back.
    expect(answers[0]?.text).not.toContain('resubscribe')
    expect((await post(path, `action=resubscribe&address=${encodeURIComponent(ann)}`)).status).toBe(400)
    await api.database.pool('bulkhead_api').query(
      `select engine.ask_unsubscribe(r.workspace_id, r.message_id, 0, r.address_index, 'subscribed', 'page', false)
         from (select $1::uuid as workspace_id, $2::uuid as message_id, $3::bytea as address_index) r`,
      [workspace.uuid, decodeId('message', id), await indexOf(ann)],
    )
    expect(await listed(ann)).toHaveLength(1)
  })

  it('is heard though another recipient has typed in hundreds of strangers', async () => {
    const [ann, bob] = [anAddress(), anAddress()]
    const id = await workspace.send({ to: [ann, bob], lane: 'bulk' })
    const path = pathOf((await linksIn(await contentOf(api, workspace, id))).unsubscribe)
    for (let round = 0; round < 5; round += 1) {
      await api.database
        .pool('bulkhead_api')
        .query(
          `select engine.ask_unsubscribe($1, $2, 0, sha256(convert_to($3::text || n, 'UTF8')), 'unsubscribed', 'page', false) from generate_series(1, 50) n`,
          [workspace.uuid, decodeId('message', id), round],
        )
      await settled()
    }
    await post(path, `${ONE_CLICK}&address=${encodeURIComponent(bob)}`)
    expect(await listed(bob)).toHaveLength(1)
  })
})

async function indexOf(email: string): Promise<Buffer | undefined> {
  return (await api.keyring('api').blindAddresses(workspace.uuid, [email]))[0]?.index
}

/** Signals of unsubscribing that detection has counted. */
async function tally(): Promise<number> {
  await api.persons.detection.drain()
  const { rows } = await api.database
    .pool('superuser')
    .query<{ n: number }>(
      `select coalesce(sum(events), 0)::integer as n from detection.tally where kind = 'unsubscribe'`,
    )
  return rows[0]?.n ?? 0
}

describe('who asks about mail', () => {
  it('is answered alike whether the message is there, is gone, or has no such recipient', async () => {
    const { unsubscribe } = await newsletter()
    const references = await api.links.references()
    const reference = (over: Record<string, unknown>): string =>
      `/u/${references.write({ kind: 'unsubscribe', workspaceId: workspace.uuid, messageId: '01900000-0000-7000-8000-000000000000', recipient: 1, ...over }, '')}`
    const known = references.read(pathOf(unsubscribe).slice('/u/'.length), '')
    const paths = [
      pathOf(unsubscribe),
      reference({}),
      reference({ messageId: known?.messageId, recipient: 40 }),
    ]
    const seen = new Set<string>()
    for (const path of paths) {
      const answers = [
        await fetchLink(api, 'GET', path),
        await post(path, ONE_CLICK),
        await post(path, 'action=resubscribe'),
      ]
      seen.add(
        JSON.stringify(
          answers.map(({ status, text, headers }) => [
            status,
            text,
            Object.entries(headers).filter(([name]) => name !== 'date'),
          ]),
        ),
      )
    }
    expect(seen.size).toBe(1)
    await settled()
  })

  it('with links that nobody wrote is noticed, and those who follow theirs are not', async () => {
    const before = await tally()
    const { unsubscribe } = await newsletter()
    await post(pathOf(unsubscribe), ONE_CLICK)
    expect(await tally()).toBe(before)
    for (let at = 0; at < 5; at += 1)
      expect((await post(`/u/${'A'.repeat(70 + at)}`, ONE_CLICK)).status).toBe(404)
    expect(await tally()).toBe(before + 5)
  })
})

describe('mail to the address in List-Unsubscribe', () => {
  it('unsubscribes the recipient that it names, over the listener for mail from outside', async () => {
    await using inbound = await startInbound(api)
    const { id, email, mailto } = await newsletter()
    const [address = ''] = (mailto ?? '').split('?')
    expect(address).toMatch(/^unsubscribe\+[a-z2-7]+@bounces\.bulkhead\.test$/)
    const mail = `From: ${email}\r\nSubject: unsubscribe\r\n\r\n`
    const at = address.indexOf('@')
    for (const other of [
      `${address.slice(0, at - 1)}x${address.slice(at)}`,
      `unsubscribe+@bounces.bulkhead.test`,
      `${address.slice(0, at)}@elsewhere.test`,
    ])
      expect(await inbound.mail(other, mail, email), other).toMatch(/^5/)
    expect(await inbound.mail(address, mail, '')).toMatch(/^250/)
    expect(await listed(email)).toEqual([])
    expect(await inbound.mail(address.toUpperCase(), mail, email)).toMatch(/^250/)
    expect(await listed(email)).toMatchObject([
      { reason: 'unsubscribe', messageId: id, evidence: { via: 'mail' } },
    ])
  })
})

/** What a browser sends when the first button of a page is pressed. */
function fieldsOf(html: string): string {
  const fields = [...html.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]+)">/g)]
  const form = new URLSearchParams()
  for (const [, name = '', value = ''] of fields) form.append(name, value)
  return form.toString()
}
