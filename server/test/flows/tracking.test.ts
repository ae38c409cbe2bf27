import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { encodeId } from '../../src/kernel/ids.ts'
import { startApi } from './api-fixture.ts'
import type { ApiFixture } from './api-fixture.ts'
import { eventually, sendingWorkspace } from './engine-fixture.ts'
import type { TestWorkspace } from './engine-fixture.ts'
import { contentOf, fetchLink, FORM, linksIn, ONE_CLICK, pathOf } from './tracking-fixture.ts'

let api: ApiFixture
let workspace: TestWorkspace

beforeAll(async () => {
  api = await startApi()
  workspace = await sendingWorkspace(api)
})
afterAll(() => api[Symbol.asyncDispose]())

const HTML =
  '<html><body><p>Hi</p><a href="https://shop.example/sale?who=ann@example.com&amp;x=1#top">Sale</a> <a href="https://shop.example/terms">Terms</a></body></html>'
const message = (over: Record<string, unknown> = {}) => ({
  to: 'ann@example.com',
  subject: 'Hi',
  html: HTML,
  ...over,
})

async function sent(
  over: Record<string, unknown> = {},
): Promise<{ id: string; raw: Buffer; links: Awaited<ReturnType<typeof linksIn>> }> {
  const id = await workspace.send(message(over))
  const raw = await contentOf(api, workspace, id)
  return { id, raw, links: await linksIn(raw) }
}

async function eventsOf(
  id: string,
  type: string,
): Promise<{ type: string; recipient: number | null; detail: Record<string, unknown> }[]> {
  await api.tracked.recorder.flush(true)
  const { timeline } = await workspace.get(id)
  return timeline.filter((entry: { type: string }) => entry.type === type)
}

const BOTH = { tracking: { opens: true, clicks: true } }

describe('tracked mail', () => {
  it('leads where the sender wanted, and says that it was opened and clicked', async () => {
    const { id, links } = await sent(BOTH)
    expect(links.clicks).toHaveLength(2)
    expect(links.html).not.toContain('shop.example')
    const opened = await fetchLink(api, 'GET', pathOf(links.open))
    expect([opened.status, opened.headers['content-type'], opened.text.slice(0, 6)]).toEqual([
      200,
      'image/gif',
      'GIF89a',
    ])
    expect(opened.headers['cache-control']).toContain('no-store')
    const clicked = await fetchLink(api, 'GET', pathOf(links.clicks[0]))
    expect([clicked.status, clicked.headers.location]).toEqual([
      302,
      'https://shop.example/sale?who=ann@example.com&x=1#top',
    ])
    expect(clicked.headers['set-cookie']).toBe(undefined)
    expect(await eventsOf(id, 'message.opened')).toMatchObject([{ recipient: 1, detail: { by: 'person' } }])
    const [click, second] = await eventsOf(id, 'message.clicked')
    expect(second).toBe(undefined)
    expect(click).toMatchObject({
      recipient: 1,
      detail: { by: 'person', because: ['browser'], link: 0, url: 'https://shop.example/sale' },
    })
    expect(JSON.stringify(click)).not.toContain('ann@example.com')
    const counts = await api.call(workspace.key, 'GET', `/v1/messages/${id}/tracking`)
    expect(counts.body.data).toMatchObject([
      { kind: 'open', recipient: 1, link: null, fetched: { person: 1 } },
      { kind: 'click', recipient: 1, link: 0, fetched: { person: 1 } },
    ])
  })

  it('is not tracked unless somebody wants it, and then by what was set', async () => {
    expect((await sent()).links.html).toContain(HTML)
    const own = await sendingWorkspace(api)
    const set = async (body: unknown) => (await api.call(own.key, 'PATCH', '/v1/tracking', body)).body
    const links = async (over: Record<string, unknown> = {}) =>
      linksIn(await contentOf(api, own, await own.send(message(over))))
    expect((await api.call(own.key, 'GET', '/v1/tracking')).body).toEqual({
      opens: 'off',
      clicks: 'off',
      critical: false,
    })
    expect(await set({ opens: 'on' })).toEqual({ opens: 'on', clicks: 'off', critical: false })
    expect(await links()).toMatchObject({ clicks: [], open: expect.stringContaining('/t/o/') })
    expect(await links({ lane: 'critical' })).toMatchObject({ clicks: [], open: undefined })
    expect(await links({ tracking: { opens: false, clicks: true } })).toMatchObject({
      clicks: [expect.anything(), expect.anything()],
      open: undefined,
    })
    await set({ critical: true })
    expect((await links({ lane: 'critical' })).open).toBeDefined()
    await set({ opens: 'never' })
    expect(await links()).toMatchObject({ clicks: [], open: undefined })
    const refused = await api.call(own.key, 'POST', '/v1/messages', {
      from: own.from,
      ...message({ tracking: { opens: true } }),
    })
    expect([refused.status, refused.body.errors?.[0]?.field ?? refused.text]).toEqual([400, 'tracking.opens'])
  })

  it('is never tracked where it is sensitive', async () => {
    const refused = await api.call(workspace.key, 'POST', '/v1/messages', {
      from: workspace.from,
      ...message({ sensitive: true, ...BOTH }),
    })
    expect([refused.status, refused.text]).toEqual([
      400,
      expect.stringContaining('a sensitive message is never tracked'),
    ])
  })

  it('that came whole is tracked by its control headers, and they are taken out', async () => {
    const raw = `From: ${workspace.from}\r\nTo: ann@example.com\r\nSubject: Hi\r\nX-Bulkhead-Track-Clicks: on\r\nX-Bulkhead-Track-Opens: off\r\nContent-Type: text/html\r\n\r\n${HTML}\r\n`
    const response = await fetch(`${api.url}/v1/messages/mime`, {
      method: 'POST',
      headers: { authorization: `Bearer ${workspace.key}`, 'content-type': 'message/rfc822' },
      body: raw,
    })
    const { id } = JSON.parse(await response.text())
    const stored = await contentOf(api, workspace, id)
    const links = await linksIn(stored)
    expect([links.clicks.length, links.open]).toEqual([2, undefined])
    expect(stored.toString()).not.toMatch(/x-bulkhead/i)
    expect((await fetchLink(api, 'GET', pathOf(links.clicks[1]))).headers.location).toBe(
      'https://shop.example/terms',
    )
  })

  it('with several recipients tells of the message and not of a person', async () => {
    const { id, links } = await sent({ to: ['ann@example.com', 'bob@example.com'], ...BOTH })
    await fetchLink(api, 'GET', pathOf(links.open))
    expect(await eventsOf(id, 'message.opened')).toMatchObject([{ recipient: null }])
  })
})

describe('links', () => {
  it('lead nowhere after any change, and to nowhere that was not written here', async () => {
    const { links } = await sent(BOTH)
    const path = pathOf(links.clicks[0])
    const reference = path.slice('/t/c/'.length)
    for (let at = 0; at < reference.length; at += 7) {
      const altered =
        reference.slice(0, at) + (reference.charAt(at) === 'A' ? 'B' : 'A') + reference.slice(at + 1)
      const answer = await fetchLink(api, 'GET', `/t/c/${altered}`)
      expect([answer.status, answer.headers.location], altered).toEqual([404, undefined])
    }
    for (const other of [
      `/t/c/`,
      `/t/c/https://evil.example/`,
      `${path}=`,
      `${path}/`,
      `${path}%00`,
      `/t/o/${reference}.gif`,
      `/u/${reference}`,
      `/t/c/${pathOf(links.open).slice(5, -4)}`,
      '/t/c//evil.example',
      `/t/c/${'A'.repeat(9_000)}`,
    ]) {
      const answer = await fetchLink(api, 'GET', other)
      expect([answer.status, answer.headers.location], other).toEqual([404, undefined])
      expect(answer.text, other).toContain('This link leads nowhere')
    }
    expect((await fetchLink(api, 'GET', `${path}?to=https://evil.example/`)).headers.location).toContain(
      'https://shop.example/',
    )
  })

  it('answer HEAD too, and that counts for no person', async () => {
    const { id, links } = await sent(BOTH)
    const answer = await fetchLink(api, 'HEAD', pathOf(links.clicks[0]))
    expect([answer.status, answer.headers.location, answer.text]).toEqual([
      302,
      expect.stringContaining('https://shop.example/'),
      '',
    ])
    expect(await eventsOf(id, 'message.clicked')).toMatchObject([
      { detail: { by: 'scanner', because: expect.arrayContaining(['head']) } },
    ])
  })

  it('that are all followed at once were followed by a machine', async () => {
    const html = Array.from({ length: 5 }, (_, at) => `<a href="https://shop.example/${at}">x</a>`).join('')
    const { id, links } = await sent({ html, tracking: { clicks: true } })
    for (const url of links.clicks) await fetchLink(api, 'GET', pathOf(url))
    const events = await eventsOf(id, 'message.clicked')
    expect(events).toHaveLength(5)
    for (const event of events)
      expect(event.detail).toMatchObject({ by: 'scanner', because: expect.arrayContaining(['all-links']) })
  })

  it('that are fetched a hundred thousand times make one row and ten events', async () => {
    const { id, links } = await sent(BOTH)
    const references = await api.links.references()
    const reference = references.read(pathOf(links.clicks[0]).slice('/t/c/'.length), '')
    if (reference?.kind !== 'click') throw new Error('no click')
    for (let round = 0; round < 50; round += 1) {
      for (let at = 0; at < 2_000; at += 1)
        api.tracked.recorder.record(reference, {
          method: 'GET',
          purpose: '',
          userAgent: 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
        })
      await api.tracked.recorder.flush(true)
    }
    expect(await eventsOf(id, 'message.clicked')).toHaveLength(10)
    const counts = await api.call(workspace.key, 'GET', `/v1/messages/${id}/tracking`)
    expect(counts.body.data).toMatchObject([{ kind: 'click', fetched: { person: 100_000 } }])
  })

  it('of messages that are gone still lead where they led, and count nothing', async () => {
    const references = await api.links.references()
    const gone = references.write(
      {
        kind: 'click',
        workspaceId: workspace.uuid,
        messageId: '01900000-0000-7000-8000-000000000000',
        recipient: 1,
        link: 0,
        links: 1,
        opens: true,
        url: 'https://shop.example/old',
      },
      '',
    )
    const answer = await fetchLink(api, 'GET', `/t/c/${gone}`)
    expect([answer.status, answer.headers.location]).toEqual([302, 'https://shop.example/old'])
    await api.tracked.recorder.flush(true)
    const { rows } = await api.database
      .pool('superuser')
      .query('select 1 from link_count where message_id = $1', ['01900000-0000-7000-8000-000000000000'])
    expect(rows).toEqual([])
  })

  it('of another workspace are not counted for this one, and its counts are not shown', async () => {
    const other = await sendingWorkspace(api)
    const { id } = await sent(BOTH)
    expect((await api.call(other.key, 'GET', `/v1/messages/${id}/tracking`)).status).toBe(404)
    expect(
      (await api.call(workspace.key, 'GET', `/v1/messages/${encodeId('message', workspace.uuid)}/tracking`))
        .status,
    ).toBe(404)
  })
})

describe('links of a workspace that was cut off', () => {
  it('show where they lead before they lead there, where that was for safety; opens and unsubscribing go on', async () => {
    const own = await sendingWorkspace(api)
    const html = '<a href="https://shop.example/?a=1&amp;b=%22x">x</a>'
    const raw = await contentOf(api, own, await own.send(message({ html, ...BOTH, lane: 'bulk' })))
    const links = await linksIn(raw)
    const contained = await api.call(own.key, 'POST', '/v1/containments', {
      capabilities: ['send'],
      reasonCode: 'security_hold',
      reason: 'a drill',
    })
    expect([contained.status, contained.text]).toEqual([201, contained.text])
    const answer = await eventually(async () => {
      const seen = await fetchLink(api, 'GET', pathOf(links.clicks[0]))
      return seen.status === 200 ? seen : undefined
    }, 'the page in place of the redirect')
    expect(answer.headers.location).toBe(undefined)
    expect(answer.text).toContain('<strong>shop.example</strong>')
    expect(answer.text).toContain('href="https://shop.example/?a=1&#38;b=%22x"')
    expect((await fetchLink(api, 'GET', pathOf(links.open))).status).toBe(200)
    const asked = await fetchLink(api, 'POST', pathOf(links.unsubscribe), { headers: FORM, body: ONE_CLICK })
    expect(asked.status).toBe(200)
  })
})

describe('a link domain', () => {
  it('takes the links of new mail, and answers nothing but links', async () => {
    const own = await sendingWorkspace(api)
    const host = `links.${own.from.slice(own.from.indexOf('@') + 1)}`
    const added = await api.call(own.key, 'POST', '/v1/link-domains', { name: host })
    expect([added.status, added.body]).toMatchObject([
      201,
      { name: host, state: 'pending', record: { type: 'CNAME', value: 'localhost' } },
    ])
    expect((await fetchLink(api, 'GET', '/v1/openapi.json', { host })).status).toBe(200)
    const verified = await api.call(own.key, 'POST', `/v1/link-domains/${added.body.id}/verify`)
    expect([verified.status, verified.body.state]).toEqual([200, 'verified'])

    const links = await linksIn(
      await contentOf(api, own, await own.send(message({ ...BOTH, unsubscribe: true }))),
    )
    for (const url of [...links.clicks, links.open, links.unsubscribe])
      expect(new URL(url ?? '').host).toBe(`${host}:8600`)
    const path = pathOf(links.clicks[0])
    expect((await fetchLink(api, 'GET', path, { host: `${host}:8600` })).status).toBe(302)
    expect((await fetchLink(api, 'GET', path, { host: host.toUpperCase() })).status).toBe(302)
    for (const elsewhere of ['localhost', 'links.other.test', '127.0.0.1'])
      expect((await fetchLink(api, 'GET', path, { host: elsewhere })).status, elsewhere).toBe(404)

    // The answer about a host is kept for ten seconds, so another way to write it is asked about.
    const fresh = await sendingWorkspace(api)
    const freshHost = `l.${fresh.from.slice(fresh.from.indexOf('@') + 1)}`
    const made = await api.call(fresh.key, 'POST', '/v1/link-domains', { name: freshHost })
    await api.call(fresh.key, 'POST', `/v1/link-domains/${made.body.id}/verify`)
    const bearer = { authorization: `Bearer ${fresh.key}` }
    for (const closed of [
      '/',
      '/v1/openapi.json',
      '/v1/domains',
      '/healthz',
      '/readyz',
      '/problems/internal',
      '/audit/checkpoint',
      '/t/ask?domain=x',
      '/t/',
      '/t',
      '/u',
      '/nowhere',
    ]) {
      const answer = await fetchLink(api, 'GET', closed, { host: freshHost, headers: bearer })
      expect([answer.status, answer.text.includes('This link leads nowhere')], closed).toEqual([404, true])
    }
    // What was written for the installation's own address does not borrow a customer's name.
    const common = await sent(BOTH)
    expect((await fetchLink(api, 'GET', pathOf(common.links.clicks[0]), { host: freshHost })).status).toBe(
      404,
    )
    expect((await fetchLink(api, 'GET', pathOf(common.links.clicks[0]))).status).toBe(302)

    expect((await fetchLink(api, 'GET', `/t/ask?domain=${freshHost}`)).status).toBe(200)
    expect((await fetchLink(api, 'GET', '/t/ask?domain=evil.example')).status).toBe(404)

    expect((await api.call(own.key, 'DELETE', `/v1/link-domains/${added.body.id}`)).status).toBe(204)
    expect((await fetchLink(api, 'GET', path, { host })).status).toBe(302)
    const after = await linksIn(await contentOf(api, own, await own.send(message(BOTH))))
    expect(new URL(after.clicks[0] ?? '').host).toBe('localhost:8600')
  })

  it('must lie in a domain from which the workspace may send, and is no host of the installation', async () => {
    const name = workspace.from.slice(workspace.from.indexOf('@') + 1)
    for (const wrong of [
      'links.example.com',
      `evil${name}`,
      'mail.example.net',
      'localhost',
      'not a name',
      '127.0.0.1',
    ]) {
      const refused = await api.call(workspace.key, 'POST', '/v1/link-domains', { name: wrong })
      expect(refused.status, wrong).toBe(400)
    }
    expect((await api.call(workspace.key, 'POST', '/v1/link-domains', { name: `a.${name}` })).status).toBe(
      201,
    )
    expect((await api.call(workspace.key, 'POST', '/v1/link-domains', { name: `A.${name}.` })).status).toBe(
      409,
    )
    const list = await api.call(workspace.key, 'GET', '/v1/link-domains')
    expect(list.body.data.map((item: { name: string }) => item.name)).toEqual([`a.${name}`])
  })
})

describe('webhooks', () => {
  it('hear of clicks', async () => {
    const made = await api.call(workspace.key, 'POST', '/v1/webhooks', {
      url: 'http://127.0.0.1:9/x',
      eventTypes: ['message.clicked'],
    })
    const { links } = await sent(BOTH)
    await fetchLink(api, 'GET', pathOf(links.clicks[0]))
    await api.tracked.recorder.flush(true)
    const seen = await eventually(async () => {
      const { body } = await api.call(
        workspace.key,
        'GET',
        `/v1/webhooks/${made.body.id ?? made.body.webhook?.id}/deliveries`,
      )
      return body.data?.length > 0 ? body.data : undefined
    }, 'a delivery of a click')
    expect(seen[0]).toMatchObject({ type: 'message.clicked' })
  })
})
