import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startInstallation, until } from '../constellation/installation.ts'
import type { Installation } from '../constellation/installation.ts'
import { startJournallingSink } from '../constellation/sink.ts'
import type { JournallingSink } from '../constellation/sink.ts'
import { arfOf, dsnOf, sendMail } from './inbound-fixture.ts'

// The whole product: what the sender writes as its envelope sender is what the listener reads.
let sink: JournallingSink
let bulkhead: Installation
beforeAll(async () => {
  sink = await startJournallingSink(100)
  bulkhead = await startInstallation({ outbound: `smtp://127.0.0.1:${sink.port}` })
})
afterAll(async () => {
  await bulkhead?.[Symbol.asyncDispose]()
  await sink?.[Symbol.asyncDispose]()
})

/** Sends a message and waits until the other side has it; its id, and what the other side saw. */
async function handOver(to: string) {
  const sent = await bulkhead.http.call('POST', '/v1/messages', {
    body: { from: bulkhead.from, to: [to], subject: 'Hello', text: 'Hello' },
  })
  expect(sent.status).toBe(202)
  const id: string = sent.body.id
  let state = ''
  await until(`delivery to ${to}`, 20_000, async () => {
    const shown = await bulkhead.http.call('GET', `/v1/messages/${id}`)
    state = shown.body.recipients[0].state
    return state === 'delivered'
  })
  const seen = (await sink.messages()).find((message) => message.recipients.includes(to))
  if (seen === undefined) throw new Error('the other side has no message')
  return { id, from: seen.from, raw: seen.raw.toString() }
}

const eventsOf = async (id: string): Promise<string[]> => {
  const shown = await bulkhead.http.call('GET', `/v1/messages/${id}`)
  return JSON.stringify(shown.body).match(/message\.[a-z]+/g) ?? []
}

describe.runIf(process.platform === 'linux')('mail that comes back', () => {
  it('finds its message by the return path that the sender wrote, and suppresses the dead address', async () => {
    const { id, from } = await handOver('gone@reader.test')
    expect(from).toMatch(/^b-[a-z2-7]{45}@bounces\.bulkhead\.test$/)
    const raw = dsnOf({ to: from, recipients: [{ final: 'gone@reader.test' }] })
    expect(await sendMail(bulkhead.inboundPort, '', [from], raw)).toMatch(/^250 2\.0\.0/)
    expect(await eventsOf(id)).toContain('message.returned')
    const { body } = await bulkhead.http.call('GET', '/v1/suppressions')
    expect(body.data).toMatchObject([{ email: 'gone@reader.test', reason: 'hard_bounce', messageId: id }])
    const again = await bulkhead.http.call('POST', '/v1/messages', {
      body: { from: bulkhead.from, to: ['gone@reader.test'], subject: 'Hello', text: 'Hello' },
    })
    expect(again.body.recipients[0].state).toBe('suppressed')
    expect((await bulkhead.ledger()).balanced).toBe(true)
  })

  it('as a complaint finds it by the return path that the provider kept, and the worker suppresses whom it does not name', async () => {
    const { id, from, raw } = await handOver('annoyed@reader.test')
    const head = raw.slice(0, raw.indexOf('\r\n\r\n')).replaceAll('\r\n', '\n')
    const original = `Return-Path: <${from}>\n${head.replaceAll(/^To:.*$/gm, 'To: redacted')}`
    const complaint = arfOf({ original })
    expect(
      await sendMail(bulkhead.inboundPort, 'fbl@provider.test', ['fbl@bounces.bulkhead.test'], complaint),
    ).toMatch(/^250/)
    expect(await eventsOf(id)).toContain('message.complained')
    await until('the suppression', 20_000, async () => {
      const { body } = await bulkhead.http.call('GET', '/v1/suppressions?reason=complaint')
      return body.data.some((entry: { email: string }) => entry.email === 'annoyed@reader.test')
    })
  })

  it('has its listener told by /readyz', async () => {
    const { body } = await bulkhead.http.call('GET', '/readyz')
    expect(body.processes).toContainEqual(
      expect.objectContaining({ process: 'smtp', ready: true, inbound: `127.0.0.1:${bulkhead.inboundPort}` }),
    )
    expect(bulkhead.output()).toContain(`127.0.0.1:${bulkhead.inboundPort} (SMTP: bounces, complaints)`)
  })

  it('survives a kill of the process that takes it: what was answered 250 is there', async () => {
    const { id, from } = await handOver('killed@reader.test')
    const raw = dsnOf({
      to: from,
      recipients: [{ final: 'killed@reader.test', status: '5.7.1', diagnostic: '550 5.7.1 no' }],
    })
    expect(await sendMail(bulkhead.inboundPort, '', [from], raw)).toMatch(/^250/)
    bulkhead.kill('smtp')
    await until('the listener', 20_000, async () =>
      (await sendMail(bulkhead.inboundPort, '', [from], raw)).startsWith('250'),
    )
    const { body } = await bulkhead.http.call('GET', `/v1/bounces?messageId=${id}`)
    expect(body.data).toMatchObject([{ kind: 'bounce', recipients: [{ class: 'policy' }] }])
  })
})
