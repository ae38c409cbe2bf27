import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startInstallation, type Installation } from '../constellation/installation.ts'
import { eventually } from './engine-fixture.ts'

let installation: Installation

beforeAll(async () => {
  installation = await startInstallation()
  await installation.untilReady()
}, 120_000)
afterAll(() => installation[Symbol.asyncDispose]())

async function send(address: string, lane = 'transactional'): Promise<string> {
  const to = `${address}@simulator.bulkhead.test`
  const answer = await installation.http.send({
    from: installation.from,
    to,
    subject: 'Played',
    text: 'What becomes of it?',
    lane,
  })
  if (answer.status !== 202) throw new Error(answer.text)
  return answer.body.id
}

/** What the timeline says once it has an event of this type. */
function told(id: string, type: string) {
  return eventually(
    async () => {
      const { body } = await installation.http.call('GET', `/v1/messages/${id}`)
      // oxlint-disable-next-line typescript/no-explicit-any -- answers are looked into by tests only
      return body.timeline?.find((event: any) => event.type === type)
    },
    `${type} of ${id}`,
    30_000,
  )
}

async function suppressed(address: string): Promise<string | undefined> {
  const { body } = await installation.http.call(
    'GET',
    `/v1/suppressions?email=${encodeURIComponent(`${address}@simulator.bulkhead.test`)}`,
  )
  return body.data?.[0]?.reason
}

describe.concurrent('the simulator', () => {
  it.each([
    ['accept', 'message.delivered', {}],
    ['slow', 'message.delivered', {}],
    ['bounce', 'message.bounced', { class: 'recipient' }],
    ['full', 'message.bounced', { class: 'mailbox' }],
    ['blocked', 'message.bounced', { class: 'reputation' }],
    ['content', 'message.bounced', { class: 'content' }],
    ['defer', 'message.deferred', { code: 451 }],
    ['greylist', 'message.delivered', {}],
    ['uncertain', 'message.uncertain', {}],
  ])('plays %s through the real engine', async (name, type, detail) => {
    const label = `${name}+fate`
    const event = await told(await send(label, name === 'uncertain' ? 'bulk' : undefined), type)
    expect(event.detail).toMatchObject(detail)
    expect(await suppressed(label)).toBe(name === 'bounce' ? 'hard_bounce' : undefined)
  })

  it('tells what passed between the two servers, without an address', async () => {
    const id = await send('accept+dialogue')
    const { detail } = await told(id, 'message.delivered')
    expect(detail.transcript.join('\n')).toMatch(
      /S: 220 .*C: EHLO .*C: MAIL FROM:<sender>.*C: RCPT TO:<recipient>.*S: 250 /s,
    )
    expect(JSON.stringify(detail)).not.toContain('simulator.bulkhead.test>')
  })

  it('sends a bounce back a moment later, which is understood and suppresses', async () => {
    const id = await send('bounce-later+1')
    await told(id, 'message.delivered')
    expect((await told(id, 'message.returned')).detail).toMatchObject({ class: 'recipient' })
    expect(await suppressed('bounce-later+1')).toBe('hard_bounce')
  })

  it('complains, which suppresses', async () => {
    const id = await send('complain+1')
    await told(id, 'message.complained')
    expect(await suppressed('complain+1')).toBe('complaint')
  })

  it('knows no other names', async () => {
    expect((await told(await send('nobody'), 'message.bounced')).detail.reply).toContain('bounce-later')
  })
})
