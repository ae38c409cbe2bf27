import PostalMime from 'postal-mime'
import { describe, expect, it } from 'vitest'
import { createIdGenerator } from '../../kernel/ids.ts'
import { prepareMessage } from './prepare-message.ts'
import { SendRequest } from './send-request.ts'
import { untracked } from './untracked.test-support.ts'

describe('a message of the API', () => {
  it('carries the names of its addresses, in both ways of writing them', async () => {
    const request = SendRequest.parse({
      from: 'Nordlicht Store <shop@example.test>',
      to: [{ email: 'ann@example.com', name: 'Ann Ø' }, 'bob@example.com'],
      cc: 'Cara <cara@example.com>',
      bcc: 'Dan <dan@example.com>',
      replyTo: 'Help <help@example.test>',
      subject: 'Hello',
      text: 'Hello',
    })
    const prepared = prepareMessage(request, {
      id: createIdGenerator()(),
      workspaceId: createIdGenerator()(),
      actor: 'test',
      source: 'api',
      now: new Date(),
      links: untracked,
      idempotency: undefined,
    })
    const seen = await PostalMime.parse(prepared.raw)
    expect(seen.from).toMatchObject({ name: 'Nordlicht Store', address: 'shop@example.test' })
    expect(seen.to).toMatchObject([
      { name: 'Ann Ø', address: 'ann@example.com' },
      { address: 'bob@example.com' },
    ])
    expect(seen.cc).toMatchObject([{ name: 'Cara', address: 'cara@example.com' }])
    expect(seen.replyTo).toMatchObject([{ name: 'Help', address: 'help@example.test' }])
    expect(prepared.raw.includes('dan@example.com')).toBe(false)
    expect(prepared.recipients.map((recipient) => recipient.email)).toContain('dan@example.com')
  })
})
