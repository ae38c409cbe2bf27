import { randomBytes, randomUUID } from 'node:crypto'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createLinkReferences, isFollowable, TARGET_BYTES_MAX } from './links.ts'
import type { LinkReference } from './links.ts'

const references = createLinkReferences(Buffer.alloc(32, 7))
const workspaceId = randomUUID()
const click: LinkReference = {
  kind: 'click',
  workspaceId,
  messageId: randomUUID(),
  recipient: 1,
  link: 3,
  links: 9,
  opens: true,
  url: 'https://shop.example/sale?who=ann@example.com#top',
}

const uuid = fc.uuid({ version: [1, 2, 3, 4, 5, 7] })
const recipient = fc.option(fc.integer({ min: 1, max: 0xfffe }))
const anyReference: fc.Arbitrary<LinkReference> = fc.oneof(
  fc.record({
    kind: fc.constant('unsubscribe' as const),
    workspaceId: uuid,
    messageId: uuid,
    recipient,
    topic: fc.constant(true as const),
  }),
  fc.record({ kind: fc.constantFrom('open', 'unsubscribe'), workspaceId: uuid, messageId: uuid, recipient }),
  fc.record({
    kind: fc.constant('click' as const),
    workspaceId: uuid,
    messageId: uuid,
    recipient,
    link: fc.integer({ min: 0, max: 0xfffe }),
    links: fc.integer({ min: 1, max: 0xffff }),
    opens: fc.boolean(),
    url: fc.webUrl({ withQueryParameters: true, withFragments: true }),
  }),
)

describe('references in links', () => {
  it('are read as they were written, on the host they were written for only', () => {
    fc.assert(
      fc.property(anyReference, fc.domain(), fc.domain(), (reference, host, other) => {
        const text = references.write(reference, host)
        expect(text).toMatch(/^[\w-]+$/)
        expect(references.read(text, host)).toEqual(reference)
        if (other !== host) expect(references.read(text, other)).toBe(null)
        expect(references.read(text, '')).toBe(null)
      }),
    )
  })

  it('are refused after any change of one character, and after any cut', () => {
    const text = references.write(click, 'links.shop.example')
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
    for (let at = 0; at < text.length; at += 1) {
      const old = text.charAt(at)
      for (const char of alphabet) {
        if (char === old) continue
        const altered = text.slice(0, at) + char + text.slice(at + 1)
        if (references.read(altered, 'links.shop.example') !== null) expect.fail(`${at} ${old} → ${char}`)
      }
      expect(references.read(text.slice(0, at), 'links.shop.example')).toBe(null)
      expect(references.read(text.slice(at + 1), 'links.shop.example')).toBe(null)
    }
  })

  it('are refused in any other spelling of the same bytes', () => {
    const text = references.write({ ...click, kind: 'open' }, '')
    for (const other of [
      `${text}=`,
      `${text}==`,
      `${text}\n`,
      ` ${text}`,
      `${text}.`,
      text.replaceAll('-', '+').replaceAll('_', '/'),
    ])
      if (other !== text) expect(references.read(other, ''), other).toBe(null)
  })

  it('takes arbitrary texts without throwing and reads nothing out of them', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.base64String()), (text) => {
        expect(references.read(text, '')).toBe(null)
        expect(references.readAddress(text)).toBe(null)
        expect(references.readAddress(`unsubscribe+${text}`)).toBe(null)
      }),
    )
    expect(references.read('A'.repeat(1_000_000), '')).toBe(null)
    for (let length = 0; length < 200; length += 1) {
      const bytes = randomBytes(length)
      if (length > 0) bytes[0] = 1
      expect(references.read(bytes.toString('base64url'), '')).toBe(null)
    }
  })

  it('show neither the message nor the address in the target', () => {
    const text = references.write(click, '')
    const bytes = Buffer.from(text, 'base64url')
    expect(bytes.includes('ann@example.com')).toBe(false)
    expect(bytes.includes('shop.example')).toBe(false)
    expect(bytes.includes(Buffer.from(click.messageId.replaceAll('-', ''), 'hex'))).toBe(false)
  })

  it('of one workspace are none of another, and of one installation none of another', () => {
    const bytes = Buffer.from(references.write(click, ''), 'base64url')
    Buffer.from(randomUUID().replaceAll('-', ''), 'hex').copy(bytes, 1)
    expect(references.read(bytes.toString('base64url'), '')).toBe(null)
    const other = createLinkReferences(Buffer.alloc(32, 8))
    expect(other.read(references.write(click, ''), '')).toBe(null)
    const address = { messageId: click.messageId, recipient: 4 }
    expect(other.readAddress(references.writeAddress(address))).toBe(null)
  })

  it.each([
    'javascript:alert(1)',
    'data:text/html,x',
    'ftp://shop.example/',
    'file:///etc/passwd',
    '//shop.example/',
    'https://ann:pw@shop.example/',
    'shop.example',
    '',
  ])('never lead to %s', (url) => {
    expect(isFollowable(url)).toBe(false)
    expect(() => references.write({ ...click, url }, '')).toThrow(TypeError)
  })

  it('refuse targets that are too long, and recipients that are no number of one', () => {
    const long = `https://shop.example/${'x'.repeat(TARGET_BYTES_MAX)}`
    expect(() => references.write({ ...click, url: long }, '')).toThrow(TypeError)
    for (const number of [0, -1, 0xffff, 1.5])
      expect(() => references.write({ ...click, recipient: number }, '')).toThrow(TypeError)
    expect(() => createLinkReferences(Buffer.alloc(16))).toThrow(TypeError)
  })

  it('in addresses are read back in any case, fit a local part, and no changed character is', () => {
    fc.assert(
      fc.property(uuid, fc.integer({ min: 1, max: 0xfffe }), (messageId, number) => {
        const local = references.writeAddress({ messageId, recipient: number })
        expect(local.length).toBeLessThanOrEqual(64)
        expect(references.readAddress(local)).toEqual({ messageId, recipient: number })
        expect(references.readAddress(local.toUpperCase())).toEqual({ messageId, recipient: number })
      }),
    )
    const local = references.writeAddress({ messageId: click.messageId, recipient: 1 })
    for (let at = 'unsubscribe+'.length; at < local.length; at += 1)
      for (const char of 'abcdefghijklmnopqrstuvwxyz234567') {
        if (char !== local.charAt(at))
          expect(references.readAddress(local.slice(0, at) + char + local.slice(at + 1))).toBe(null)
      }
  })
})
