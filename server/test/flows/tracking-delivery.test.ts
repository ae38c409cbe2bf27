import { dkimVerify } from 'mailauth/lib/dkim/verify.js'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startAudit } from '../support/audit.ts'
import { startApi } from './api-fixture.ts'
import type { ApiFixture } from './api-fixture.ts'
import { eventually, sendingWorkspace, startRelayingEngine, startTestSink } from './engine-fixture.ts'
import type { TestWorkspace } from './engine-fixture.ts'
import { fetchLink, FORM, linksIn, ONE_CLICK, pathOf } from './tracking-fixture.ts'

let api: ApiFixture
let workspace: TestWorkspace
let sink: Awaited<ReturnType<typeof startTestSink>>
let engine: Awaited<ReturnType<typeof startRelayingEngine>>
let audit: AsyncDisposable

beforeAll(async () => {
  api = await startApi()
  audit = startAudit(api.database)
  workspace = await sendingWorkspace(api)
  sink = await startTestSink()
  engine = await startRelayingEngine(api, sink)
}, 60_000)
afterAll(async () => {
  await engine[Symbol.asyncDispose]()
  await sink[Symbol.asyncDispose]()
  await audit[Symbol.asyncDispose]()
  await api[Symbol.asyncDispose]()
})

async function delivered(message: Record<string, unknown>): Promise<{ id: string; raw: Buffer }> {
  const id = await workspace.send(message)
  await workspace.ended(id)
  const { messageIdHeader } = await workspace.get(id)
  const raw = await eventually(
    () =>
      sink
        .messages()
        .map((kept) => kept.raw)
        .find((kept) => kept.includes(messageIdHeader)),
    'the message in the sink',
  )
  return { id, raw }
}

/** What a receiver's verifier says, with the keys as the workspace would publish them. */
async function verdicts(raw: Buffer): Promise<string[]> {
  const { body } = await api.call(workspace.key, 'GET', '/v1/domains')
  const records: { name: string; value: string; type: string }[] = body.data[0].records
  const { results } = await dkimVerify(raw, {
    resolver: async (name: string) => {
      const record = records.find((item) => item.name === name && item.type === 'TXT')
      if (record === undefined) throw Object.assign(new Error('no record'), { code: 'ENOTFOUND' })
      return [[record.value]]
    },
  })
  return results.map((one: { status: { result: string } }) => one.status.result)
}

const HTML = '<html><body><a href="https://shop.example/sale">Sale</a></body></html>'

describe('tracked mail that was delivered', () => {
  it('arrives signed, leads on, and its clicks and unsubscribing come back as events', async () => {
    const { id, raw } = await delivered({
      to: 'ann@example.com',
      lane: 'bulk',
      html: HTML,
      tracking: { opens: true, clicks: true },
    })
    const links = await linksIn(raw)
    expect((await fetchLink(api, 'GET', pathOf(links.clicks[0]))).headers.location).toBe(
      'https://shop.example/sale',
    )
    await api.tracked.recorder.flush(true)
    expect(
      (await fetchLink(api, 'POST', pathOf(links.unsubscribe), { headers: FORM, body: ONE_CLICK })).status,
    ).toBe(200)
    const { timeline } = await eventually(async () => {
      const found = await workspace.get(id)
      return found.timeline.some((entry: { type: string }) => entry.type === 'message.unsubscribed')
        ? found
        : undefined
    }, 'the event of unsubscribing')
    const types = timeline.map((entry: { type: string }) => entry.type)
    expect(types).toEqual(
      expect.arrayContaining(['message.delivered', 'message.clicked', 'message.unsubscribed']),
    )
    // Within two seconds of delivery nobody has read it.
    expect(timeline.find((entry: { type: string }) => entry.type === 'message.clicked').detail).toMatchObject(
      { by: 'scanner', because: expect.arrayContaining(['at-once']) },
    )
    const again = await workspace.send({ to: 'ann@example.com', lane: 'bulk' })
    expect((await workspace.get(again)).states).toEqual({ suppressed: 1 })
  })

  it('has both fields of unsubscribing under its DKIM signature, so that nobody changes or adds one (RFC 8058 §4)', async () => {
    const { raw } = await delivered({ to: 'bob@example.com', lane: 'bulk', html: HTML })
    const before = await verdicts(raw)
    expect(before.length).toBeGreaterThan(0)
    expect(new Set(before)).toEqual(new Set(['pass']))
    const text = raw.toString('latin1')
    const evil = 'List-Unsubscribe: <https://evil.example/>\r\n'
    const altered = [
      text.replace('/u/', '/u/A'),
      text.replace('List-Unsubscribe=One-Click', 'List-Unsubscribe=Two-Click'),
      text.replace(/^List-Unsubscribe-Post:.*\r\n/m, ''),
      text.replace(/^List-Unsubscribe: [^]*?\r\n(?! )/m, ''),
      evil + text,
      text.replace(/^Subject:/m, `${evil}Subject:`),
      text.replace(/^Subject:/m, 'List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\nSubject:'),
    ]
    for (const [at, other] of altered.entries()) {
      expect(other, `${at} changed something`).not.toBe(text)
      expect(await verdicts(Buffer.from(other, 'latin1')), `change ${at}`).not.toContain('pass')
    }
  })
})
