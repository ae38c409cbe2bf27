import { createPublicKey, generateKeyPairSync, sign } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { isSignedBy, parseFindings, parsePublicKeys } from './signed-report.ts'

/** The example of GitHub's own documentation of the partner programme: body, signature and test key. */
const BODY = Buffer.from(
  '[{"token":"some_token","type":"some_type","url":"some_url","source":"some_source"}]',
)
const SIGNATURE =
  'MEUCIFLZzeK++IhS+y276SRk2Pe5LfDrfvTXu6iwKKcFGCrvAiEAhHN2kDOhy2I6eGkOFmxNkOJ+L2y8oQ9A2T9GGJo6WJY='
const PEM = `-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEsz9ugWDj5jK5ELBK42ynytbo38gP
HzZFI03Exwz8Lh/tCfL3YxwMdLjB+bMznsanlhK0RwcGP3IDb34kQDIo3Q==
-----END PUBLIC KEY-----`

const pem = (key: { publicKey: { export(options: object): unknown } }) =>
  String(key.publicKey.export({ type: 'spki', format: 'pem' }))

describe('a signed report', () => {
  it("is the one of GitHub's documentation, and no other byte of it", () => {
    const key = createPublicKey(PEM)
    expect(isSignedBy(key, BODY, SIGNATURE)).toBe(true)
    for (let at = 0; at < BODY.length; at++) {
      const changed = Buffer.from(BODY)
      changed[at] = (changed[at] ?? 0) ^ 1
      expect(isSignedBy(key, changed, SIGNATURE), String(at)).toBe(false)
    }
  })

  it('is none with another signature, key or form', () => {
    const key = createPublicKey(PEM)
    const other = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    expect(isSignedBy(other.publicKey, BODY, SIGNATURE)).toBe(false)
    const raw = sign('sha256', BODY, { key: other.privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64')
    expect(isSignedBy(other.publicKey, BODY, raw)).toBe(false)
    for (const text of ['', 'x', SIGNATURE.slice(0, -8), `${SIGNATURE}AAAA`, 'A'.repeat(96), '\0'.repeat(30)])
      expect(isSignedBy(key, BODY, text), text).toBe(false)
  })

  it('has keys on P-256 only, whatever else the list holds', () => {
    const list = {
      public_keys: [
        { key_identifier: 'good', key: PEM, is_current: true },
        { key_identifier: 'p384', key: pem(generateKeyPairSync('ec', { namedCurve: 'P-384' })) },
        { key_identifier: 'rsa', key: pem(generateKeyPairSync('rsa', { modulusLength: 2048 })) },
        { key_identifier: 'broken', key: 'x' },
      ],
    }
    expect([...(parsePublicKeys(JSON.stringify(list)) ?? [])].map(([id]) => id)).toEqual(['good'])
    for (const text of ['', '[]', '{}', '{"public_keys":{}}', 'null', '{"public_keys":[1]}'])
      expect(parsePublicKeys(text), text).toBeNull()
  })

  it('says what it says, bounded', () => {
    expect(parseFindings(BODY)).toEqual([
      { token: 'some_token', type: 'some_type', url: 'some_url', source: 'some_source' },
    ])
    expect(parseFindings(Buffer.from('[]'))).toEqual([])
    expect(
      parseFindings(Buffer.from(JSON.stringify(Array.from({ length: 1_001 }, () => ({ token: 'x' }))))),
    ).toBeNull()
    for (const text of ['', '{}', '[1]', '[{}]', '[{"token":1}]', `[{"token":"${'x'.repeat(2_001)}"}]`])
      expect(parseFindings(Buffer.from(text)), text.slice(0, 20)).toBeNull()
  })
})
