import { createTransport } from 'nodemailer'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { encodeId } from '../../src/kernel/ids.ts'
import { startApi } from './api-fixture.ts'
import type { ApiFixture } from './api-fixture.ts'
import { resendWorld } from './resend-world.ts'
import type { ResendWorld } from './resend-world.ts'
import { startTestSubmission } from './submission-fixture.ts'
import type { SubmissionFixture } from './submission-fixture.ts'

let api: ApiFixture
let world: ResendWorld
let submission: SubmissionFixture
beforeAll(async () => {
  api = await startApi()
  world = await resendWorld(api)
  submission = await startTestSubmission(api)
})
afterAll(async () => {
  await submission[Symbol.asyncDispose]()
  await api[Symbol.asyncDispose]()
})

async function submit(
  pass: string,
  user = 'resend',
  over: Readonly<Record<string, unknown>> = {},
): Promise<string> {
  const transport = createTransport({
    host: '127.0.0.1',
    port: submission.ports.implicit,
    secure: true,
    tls: { rejectUnauthorized: false },
    auth: { user, pass },
  })
  const { response } = await transport.sendMail({
    from: world.workspace.from,
    to: 'ann@there.example',
    subject: 'By SMTP',
    text: 'Hello.',
    ...over,
  })
  return response
}

describe('SMTP with a key of the Resend door', () => {
  it.each(['full_access', 'sending_access'] as const)(
    'takes mail of the user resend: %s',
    async (permission) => {
      const { data } = await world.resend.apiKeys.create({ name: permission, permission })
      expect(await submit(data?.token ?? '')).toMatch(/^250 /)
      const { data: list } = await world.resend.emails.list({ limit: 1 })
      expect(list?.data).toMatchObject([{ subject: 'By SMTP', to: ['ann@there.example'] }])
    },
  )

  it('sends once for one idempotency key, which does not leave', async () => {
    const once = (key: string, text = 'Once.') =>
      submit(world.key, 'resend', {
        text,
        headers: { 'Resend-Idempotency-Key': key },
        messageId: '<once@there.example>',
        date: new Date(0),
      })
    const first = await once('welcome-user/1')
    expect(await once('welcome-user/1')).toBe(first)
    await expect(once('welcome-user/1', 'Another.')).rejects.toThrow(/Idempotency-Key/)
    expect(await once('welcome-user/2')).not.toBe(first)
    await expect(once('x'.repeat(257))).rejects.toThrow(/Resend-Idempotency-Key/)
    const { data: list } = await world.resend.emails.list({ limit: 1 })
    const id = encodeId('message', list?.data[0]?.id ?? '')
    const { text } = await api.call(world.workspace.key, 'GET', `/v1/messages/${id}/content`)
    expect(text).toContain('Once.')
    expect(text).not.toMatch(/idempotency/i)
  })

  it('takes none of another user', async () => {
    await expect(submit(world.key, 'apikey')).rejects.toThrow(/535/)
  })
})
