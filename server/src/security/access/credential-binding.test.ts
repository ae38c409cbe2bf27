import { createHmac } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { bindCredential, bindingDigest, fitsItsRow } from './credential-binding.ts'
import type { Bound } from './credential-binding.ts'
import { createCredentialPepper } from './credential-pepper.ts'
import { hashSecret } from './key-format.ts'

const BOUND: Bound = {
  kind: 'api_key',
  id: '01a200be-03d2-76ec-81e9-50a1d9f4195c',
  workspaceId: '01a200be-03d2-76ec-81e9-50a1d9f4195d',
  scopes: ['messages:read', 'messages:send'],
  expiresAt: new Date('2030-01-01T00:00:00.000Z'),
}
const DIGEST = hashSecret('a secret')
const KNOWN = '5b426c07e004e122389a3e1c3092d54d2e3ed9207a33d3d3a0dcae6a1ff7179b'

describe('the binding of a credential', () => {
  it('is another one whatever is changed: kind, row, workspace, scopes, expiry or secret', () => {
    const changed: Bound[] = [
      BOUND,
      { ...BOUND, kind: 'smtp_credential' },
      { ...BOUND, id: BOUND.workspaceId ?? '' },
      { ...BOUND, workspaceId: BOUND.id },
      { ...BOUND, workspaceId: null },
      { ...BOUND, workspaceId: 'null' },
      { ...BOUND, scopes: ['messages:read'] },
      { ...BOUND, scopes: [] },
      { ...BOUND, scopes: ['messages:read,messages:send'] },
      { ...BOUND, scopes: ['messages:read","messages:send'] },
      { ...BOUND, expiresAt: new Date('2030-01-01T00:00:00.001Z') },
      { ...BOUND, expiresAt: new Date(Number.NaN) },
      { ...BOUND, expiresAt: null },
      { ...BOUND, allowedCidrs: ['192.0.2.0/24'] },
      { ...BOUND, allowedCidrs: ['192.0.2.0/24', '198.51.100.0/24'] },
      { ...BOUND, allowedSenders: ['192.0.2.0/24'] },
      { ...BOUND, allowedSenders: ['@shop.test'] },
      { ...BOUND, allowedSenders: ['@shop.test'], allowedCidrs: ['192.0.2.0/24'] },
    ]
    const digests = changed.map((bound) => bindingDigest(bound, DIGEST).toString('hex'))
    digests.push(bindingDigest(BOUND, hashSecret('another')).toString('hex'))
    expect(new Set(digests).size).toBe(changed.length + 1)
  })

  it('is the one of before there were bounds for what has none, so that older credentials work as they are', () => {
    // Known answer: computed by the version before.
    expect(bindingDigest(BOUND, DIGEST).toString('hex')).toBe(KNOWN)
    expect(bindingDigest({ ...BOUND, allowedCidrs: [], allowedSenders: [] }, DIGEST).toString('hex')).toBe(
      KNOWN,
    )
  })

  it('is the same in whatever order the bounds stand', () => {
    const two = ['198.51.100.0/24', '192.0.2.0/24']
    expect(bindingDigest({ ...BOUND, allowedCidrs: two }, DIGEST)).toEqual(
      bindingDigest({ ...BOUND, allowedCidrs: [...two].reverse() }, DIGEST),
    )
  })

  it('is the same in whatever order the scopes stand', () => {
    expect(bindingDigest({ ...BOUND, scopes: [...BOUND.scopes].reverse() }, DIGEST)).toEqual(
      bindingDigest(BOUND, DIGEST),
    )
  })

  it('costs one request when it is made, and one when it is first checked, with those of the turn', async () => {
    const requests: number[] = []
    const made = () =>
      createCredentialPepper({
        name: 'credential',
        keyring: {
          pepper: (_name, digests) => {
            requests.push(digests.length)
            return Promise.resolve(
              digests.map((digest) => createHmac('sha256', 'a key').update(digest).digest()),
            )
          },
        },
      })
    const { binding } = await bindCredential(made(), BOUND, DIGEST)
    expect(requests).toEqual([2])
    const pepper = made()
    const other = { ...BOUND, id: BOUND.workspaceId ?? '' }
    expect(
      await Promise.all([
        fitsItsRow(pepper, BOUND, DIGEST, binding),
        fitsItsRow(pepper, other, DIGEST, binding),
        fitsItsRow(pepper, BOUND, hashSecret('another'), binding),
        fitsItsRow(pepper, BOUND, hashSecret('a third'), binding.subarray(1)),
        fitsItsRow(pepper, BOUND, hashSecret('a fourth'), null),
      ]),
    ).toEqual([true, false, false, false, false])
    expect(requests).toEqual([2, 5])
    // Kept for the one that fits, and for no other.
    expect(await fitsItsRow(pepper, BOUND, DIGEST, binding)).toBe(true)
    expect(requests).toEqual([2, 5])
    expect(await fitsItsRow(pepper, other, DIGEST, binding)).toBe(false)
    expect(requests).toEqual([2, 5, 1])
  })
})
