import { randomUUID, verify } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { generateRsa } from './rsa-pool.ts'
import { createSigner } from './signer.ts'

const selectorBlock = (selector: string): Buffer =>
  Buffer.from(
    `from:a@example.com\r\ndkim-signature:v=1; a=rsa-sha256; d=example.com; s=${selector}; h=from; bh=x; b=`,
  )

describe('the signer', () => {
  it('signs urgent blocks before all that wait, and keeps each batch in order', async () => {
    const { privateKey, publicKey } = await generateRsa()
    const keyId = randomUUID()
    const workspaceId = randomUUID()
    const key = { workspaceId, domain: 'example.com', selector: 's1', algorithm: 'rsa', privateKey } as const
    const signer = createSigner({
      keys: {
        get: () => Promise.resolve(new Map([[keyId, key]])),
      },
    })
    let finished = 0
    const item = { keyId, data: selectorBlock('s1') }
    const normal = Array.from({ length: 200 }, async () => {
      await signer.sign([item], { urgent: false, containedIn: () => null })
      finished += 1
    })
    const foreign = { keyId, data: selectorBlock('s2') }
    const outcomes = await signer.sign([item, foreign, { ...item, keyId: randomUUID() }, item], {
      urgent: true,
      containedIn: () => null,
    })
    expect(finished).toBeLessThan(20)
    expect(outcomes.map((outcome) => outcome.state)).toEqual(['signed', 'refused', 'refused', 'signed'])
    for (const outcome of outcomes) {
      if (outcome.state === 'signed')
        expect(verify('sha256', item.data, publicKey, outcome.signature)).toBe(true)
    }
    await Promise.all(normal)
    expect(finished).toBe(200)
    expect(signer.busy()).toBe(false)
  })
})
