import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { cbor, createAuthenticator } from '../../../test/support/authenticator.ts'
import type { Bend } from '../../../test/support/authenticator.ts'
import {
  AssertionResponse,
  RegistrationResponse,
  challengeOf,
  checkAssertion,
  checkRegistration,
  relyingPartyOf,
} from './webauthn.ts'

const party = { rpId: 'mail.example.com', origin: 'https://mail.example.com' }
const challenge = randomBytes(32).toString('base64url')
const creation = {
  challenge,
  rp: { id: party.rpId, name: 'Bulkhead' },
  user: { id: randomBytes(16).toString('base64url'), name: 'ann', displayName: '' },
  pubKeyCredParams: [],
}
const request = { challenge, rpId: party.rpId }

const registered = (algorithm: 'ES256' | 'EdDSA', bend: Bend = {}) => {
  const device = createAuthenticator({ origin: party.origin, algorithm })
  const response = RegistrationResponse.parse(device.create(creation, bend))
  return { device, response, result: checkRegistration(response, { ...party, challenge }) }
}

function enrolled(algorithm: 'ES256' | 'EdDSA' = 'ES256') {
  const { device, result } = registered(algorithm)
  if (!result.ok) throw new Error(result.because)
  const check = (bend: Bend = {}, expected: object = {}) =>
    checkAssertion(AssertionResponse.parse(device.get(request, bend)), {
      ...party,
      challenge,
      publicKey: result.publicKey,
      ...expected,
    })
  return { device, publicKey: result.publicKey, check }
}

const BENDS: readonly (readonly [what: string, bend: Bend, because: string])[] = [
  ['another site', { origin: 'https://mail.example.test' }, 'made for another site'],
  ['a subdomain', { origin: 'https://evil.mail.example.com' }, 'made for another site'],
  ['another port', { origin: 'https://mail.example.com:8443' }, 'made for another site'],
  ['another relying party', { rpId: 'example.com' }, 'made for another site'],
  ['a frame in another site', { clientData: { crossOrigin: true } }, 'inside the page of another site'],
  [
    'a named page around it',
    { clientData: { topOrigin: 'https://x.test' } },
    'inside the page of another site',
  ],
  ['another challenge', { clientData: { challenge: 'AAAA' } }, 'another challenge'],
  ['another kind of request', { clientData: { type: 'payment.get' } }, 'another kind of request'],
  ['nobody present', { userPresent: false }, 'nobody was present'],
  ['nobody verified', { userVerified: false }, 'did not verify'],
]

describe.each(['ES256', 'EdDSA'] as const)('passkeys with %s', (algorithm) => {
  it.each(['none', 'packed'] as const)('are registered and then open: attestation %s', (attestation) => {
    expect(registered(algorithm, { attestation }).result).toMatchObject({ ok: true, signCount: 0 })
    expect(enrolled(algorithm).check()).toEqual({ ok: true, signCount: 1 })
  })

  it.each(BENDS)('are refused for %s', (_what, bend, because) => {
    expect(registered(algorithm, bend).result).toEqual({
      ok: false,
      because: expect.stringContaining(because),
    })
    expect(enrolled(algorithm).check(bend)).toEqual({ ok: false, because: expect.stringContaining(because) })
  })

  it('open with their own key only', () => {
    const { check } = enrolled(algorithm)
    expect(check({}, { publicKey: enrolled(algorithm).publicKey }).ok).toBe(false)
    expect(check({}, { publicKey: enrolled(algorithm === 'ES256' ? 'EdDSA' : 'ES256').publicKey }).ok).toBe(
      false,
    )
  })
})

/** An honest registration with another attestation around it. */
const attested = (
  fmt: string,
  statement: ReadonlyMap<string, never> | ReadonlyMap<string, Buffer | number>,
) => {
  const { response } = registered('ES256')
  const bytes = Buffer.from(response.response.attestationObject, 'base64url')
  const authData = bytes.subarray(bytes.indexOf('authData') + 'authData'.length + 2)
  const attestationObject = cbor(
    new Map<string, string | Buffer | ReadonlyMap<string, Buffer | number>>([
      ['fmt', fmt],
      ['attStmt', statement],
      ['authData', authData],
    ]),
  ).toString('base64url')
  const bent = { ...response, response: { ...response.response, attestationObject } }
  return checkRegistration(bent, { ...party, challenge })
}

describe('the relying party', () => {
  it.each([
    ['https://mail.example.com/', 'mail.example.com', 'https://mail.example.com', true],
    ['https://mail.example.com:8443/x', 'mail.example.com', 'https://mail.example.com:8443', true],
    ['http://127.0.0.1:8600', 'localhost', 'http://localhost:8600', true],
    ['http://[::1]:8600', 'localhost', 'http://localhost:8600', true],
    ['http://192.0.2.7:8600', '192.0.2.7', 'http://192.0.2.7:8600', false],
    ['https://[2001:db8::1]', '[2001:db8::1]', 'https://[2001:db8::1]', false],
  ])('of %s is %s', (publicUrl, rpId, origin, hasName) => {
    expect(relyingPartyOf(publicUrl)).toEqual({ rpId, origin, hasName })
  })
})

describe('a registration', () => {
  it('is not refused for being rebuilt: the control of what follows', () => {
    expect(attested('none', new Map())).toMatchObject({ ok: true })
  })

  it('makes us fetch nothing: statements with certificates, and other formats, are refused', () => {
    const x5c = new Map<string, Buffer | number>([
      ['alg', -7],
      ['sig', Buffer.alloc(70)],
      ['x5c', Buffer.alloc(3)],
    ])
    expect(attested('packed', x5c)).toEqual({
      ok: false,
      because: 'attestation with certificates is not taken',
    })
    for (const format of ['tpm', 'android-key', 'android-safetynet', 'apple', 'fido-u2f', 'x']) {
      expect(attested(format, new Map())).toMatchObject({
        ok: false,
        because: expect.stringContaining(format),
      })
    }
    expect(attested('none', new Map([['alg', -7]])).ok).toBe(false)
  })

  it('with a signature of its own that is wrong is refused', () => {
    const wrong = new Map<string, Buffer | number>([
      ['alg', -7],
      ['sig', randomBytes(70)],
    ])
    expect(attested('packed', wrong)).toEqual({ ok: false, because: 'its attestation is not right' })
    expect(attested('packed', new Map([['alg', -8]]))).toMatchObject({ ok: false })
  })

  it('with two credential ids is refused', () => {
    const { response } = registered('ES256')
    const id = randomBytes(32).toString('base64url')
    expect(checkRegistration({ ...response, id }, { ...party, challenge })).toMatchObject({ ok: false })
  })
})

describe('hostile responses', () => {
  it('are refused, whatever bytes they are made of, and never throw', () => {
    const { device, publicKey } = enrolled()
    const honest = AssertionResponse.parse(device.get(request))
    const hostile = [
      Buffer.alloc(0),
      Buffer.alloc(24_000, 0x81),
      Buffer.alloc(24_000, 0xa1),
      Buffer.from('bf', 'hex'),
      Buffer.from('{"type":"webauthn.get"}'),
      Buffer.from('null'),
      ...Array.from({ length: 500 }, () => randomBytes(1 + Math.floor(Math.random() * 400))),
    ].map((bytes) => bytes.toString('base64url'))
    for (const bytes of hostile) {
      for (const member of ['clientDataJSON', 'authenticatorData', 'signature'] as const) {
        const response = { ...honest, response: { ...honest.response, [member]: bytes } }
        expect(checkAssertion(response, { ...party, challenge, publicKey }).ok).toBe(false)
      }
      const { response } = registered('ES256')
      const bent = { ...response, response: { ...response.response, attestationObject: bytes } }
      expect(checkRegistration(bent, { ...party, challenge }).ok).toBe(false)
      expect(checkAssertion(honest, { ...party, challenge, publicKey: Buffer.from(bytes) }).ok).toBe(false)
    }
  })

  it('with a bit turned anywhere in what is signed are refused', () => {
    const { device, publicKey } = enrolled()
    const honest = AssertionResponse.parse(device.get(request))
    for (const member of ['authenticatorData', 'signature'] as const) {
      const bytes = Buffer.from(honest.response[member], 'base64url')
      for (let at = 0; at < bytes.length; at++) {
        const turned = Buffer.from(bytes)
        turned.writeUInt8(turned.readUInt8(at) ^ (1 << (at % 8)), at)
        const response = {
          ...honest,
          response: { ...honest.response, [member]: turned.toString('base64url') },
        }
        expect(checkAssertion(response, { ...party, challenge, publicKey }).ok, `${member} ${at}`).toBe(false)
      }
    }
  })

  it('that are too large or no base64url do not parse', () => {
    const { device } = enrolled()
    const honest = device.get(request)
    const bent = (member: object) => ({ ...honest, response: { ...honest.response, ...member } })
    expect(AssertionResponse.safeParse(honest).success).toBe(true)
    for (const member of [
      { clientDataJSON: 'a'.repeat(8_001) },
      { signature: 'a+b' },
      { authenticatorData: '' },
      { userHandle: 'a'.repeat(101) },
      { signature: 7 },
    ]) {
      expect(AssertionResponse.safeParse(bent(member)).success).toBe(false)
    }
    expect(challengeOf(bent({ clientDataJSON: 'AAAA' }))).toBeNull()
    expect(challengeOf(honest)).toBe(challenge)
  })
})
