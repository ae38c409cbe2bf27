import { createHash, createPublicKey, timingSafeEqual, verify } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { isIP } from 'node:net'
import { z } from 'zod'
import { decodeMap, parseAuthenticatorData } from './authenticator-data.ts'
import type { AuthenticatorData } from './authenticator-data.ts'

/** Who we are to browsers: they make an assertion for `rpId` on pages of `origin` only. */
export interface RelyingParty {
  /** A host name without port. */
  readonly rpId: string
  /** Scheme, host and port. */
  readonly origin: string
}

/**
 * Who we are where people reach us under `publicUrl`. Browsers make passkeys for names only: a loopback address becomes `localhost`, so that it
 * works on a developer's machine under that name; any other address stays, and `hasName` is false.
 */
export function relyingPartyOf(publicUrl: string): RelyingParty & { readonly hasName: boolean } {
  const url = new URL(publicUrl)
  if (/^127(?:\.\d+){3}$/.test(url.hostname) || url.hostname === '[::1]') url.hostname = 'localhost'
  const hasName = isIP(url.hostname.replace(/^\[(.*)\]$/, '$1')) === 0
  return { rpId: url.hostname, origin: url.origin, hasName }
}

/** COSE numbers of the algorithms we take: Ed25519, ES256, RS256 (Windows Hello). */
export const ALGORITHMS = [-8, -7, -257] as const

const base64url = (charsMax: number) =>
  z
    .string()
    .min(1)
    .max(charsMax)
    .regex(/^[A-Za-z0-9_-]+$/, 'must be base64url')

/** What a browser answers to creation options (WebAuthn Level 3 §5.1.8.1). Other members are let through unread. */
export const RegistrationResponse = z.looseObject({
  id: base64url(1_400).describe('Credential id, base64url.'),
  type: z.literal('public-key'),
  response: z.looseObject({
    clientDataJSON: base64url(8_000),
    attestationObject: base64url(32_000),
    transports: z
      .array(z.string().regex(/^[a-z-]{1,20}$/))
      .max(10)
      .optional(),
  }),
})
export type RegistrationResponse = z.output<typeof RegistrationResponse>

/** What a browser answers to request options (WebAuthn Level 3 §5.1.8.2). */
export const AssertionResponse = z.looseObject({
  id: base64url(1_400).describe('Credential id, base64url.'),
  type: z.literal('public-key'),
  response: z.looseObject({
    clientDataJSON: base64url(8_000),
    authenticatorData: base64url(8_000),
    signature: base64url(2_000),
    userHandle: base64url(100).nullish(),
  }),
})
export type AssertionResponse = z.output<typeof AssertionResponse>

export interface NewCredential {
  readonly credentialId: Buffer
  /** COSE key. */
  readonly publicKey: Buffer
  readonly signCount: number
}

/** A check that failed: `because` is for logs, and for the person who registers. */
interface Refused {
  readonly ok: false
  readonly because: string
}

/** Stops the checks below at the first that fails; never leaves this file. */
class Refusal extends Error {}

function must(holds: boolean, because: string): asserts holds {
  if (!holds) throw new Refusal(because)
}

/** What stands in the way of a decoder is a malformed response like any other. */
function attempt<T>(work: () => T): ({ readonly ok: true } & T) | Refused {
  try {
    return { ok: true, ...work() }
  } catch (error) {
    return { ok: false, because: error instanceof Refusal ? error.message : 'it is malformed' }
  }
}

const ClientData = z.looseObject({
  type: z.string(),
  challenge: z.string().min(1).max(200),
  origin: z.string(),
  crossOrigin: z.boolean().optional(),
  topOrigin: z.string().optional(),
})

/** The challenge that a response says it answers, to find it with; null for what is no client data. Nothing of it is verified yet. */
export function challengeOf(response: {
  readonly response: { readonly clientDataJSON: string }
}): string | null {
  const read = attempt(() => clientDataOf(response.response.clientDataJSON))
  return read.ok ? read.data.challenge : null
}

/**
 * Checks a new credential (WebAuthn Level 3 §7.1) for a challenge that was ours and is used up. Attestation: none, or that of the key itself;
 * statements with certificates are refused, because judging one means fetching what an address in it names.
 */
export function checkRegistration(
  response: RegistrationResponse,
  expected: RelyingParty & { readonly challenge: string },
): ({ readonly ok: true } & NewCredential) | Refused {
  return attempt(() => {
    const clientHash = checkClientData(response.response.clientDataJSON, 'webauthn.create', expected)
    const attestation = decodeMap(bytesOf(response.response.attestationObject))
    const [format, statement] = [attestation.get('fmt'), attestation.get('attStmt')]
    must(statement instanceof Map, 'it has no attestation statement')
    const authData = partOf(attestation, 'authData')
    const { credential, signCount } = checkAuthenticatorData(authData, expected.rpId)
    must(credential !== null, 'it holds no credential')
    must(credential.id.length >= 1 && credential.id.length <= 1_023, 'its credential id is too long')
    must(credential.id.equals(bytesOf(response.id)), 'its two credential ids differ')
    const { key, algorithm } = readKey(credential.publicKey)
    if (format === 'packed') {
      must(!statement.has('x5c'), 'attestation with certificates is not taken')
      must(statement.get('alg') === algorithm, 'its attestation is of another algorithm')
      must(
        isSigned(key, Buffer.concat([authData, clientHash]), partOf(statement, 'sig')),
        'its attestation is not right',
      )
    } else {
      must(
        format === 'none' && statement.size === 0,
        `attestation of the format ${String(format).slice(0, 40)} is not taken`,
      )
    }
    return {
      credentialId: Buffer.from(credential.id),
      publicKey: Buffer.from(credential.publicKey),
      signCount,
    }
  })
}

/**
 * Checks an assertion (WebAuthn Level 3 §7.2) against a stored key, for a challenge that was ours and is used up. The counter is the caller's to
 * compare, where it is stored and in one statement.
 */
export function checkAssertion(
  response: AssertionResponse,
  expected: RelyingParty & { readonly challenge: string; readonly publicKey: Buffer },
): { readonly ok: true; readonly signCount: number } | Refused {
  return attempt(() => {
    const clientHash = checkClientData(response.response.clientDataJSON, 'webauthn.get', expected)
    const authData = bytesOf(response.response.authenticatorData)
    const { signCount } = checkAuthenticatorData(authData, expected.rpId)
    const { key } = readKey(expected.publicKey)
    const isRight = isSigned(key, Buffer.concat([authData, clientHash]), bytesOf(response.response.signature))
    must(isRight, 'its signature is not right')
    return { signCount }
  })
}

function clientDataOf(encoded: string): { data: z.output<typeof ClientData>; bytes: Buffer } {
  const bytes = bytesOf(encoded)
  return { data: ClientData.parse(JSON.parse(bytes.toString('utf8'))), bytes }
}

/** Answers the SHA-256 of the client data, which is what is signed. */
function checkClientData(
  encoded: string,
  type: string,
  expected: RelyingParty & { readonly challenge: string },
): Buffer {
  const { data, bytes } = clientDataOf(encoded)
  must(data.type === type, 'it answers another kind of request')
  must(data.challenge === expected.challenge, 'it answers another challenge')
  must(data.origin === expected.origin, 'it was made for another site')
  must(
    data.crossOrigin !== true && data.topOrigin === undefined,
    'it was made inside the page of another site',
  )
  return sha256(bytes)
}

function checkAuthenticatorData(bytes: Buffer, rpId: string): AuthenticatorData {
  const data = parseAuthenticatorData(bytes)
  must(timingSafeEqual(data.rpIdHash, sha256(Buffer.from(rpId))), 'it was made for another site')
  must(data.isUserPresent, 'nobody was present')
  must(
    data.isUserVerified,
    'the authenticator did not verify who uses it: it must ask for a PIN, a finger or a face',
  )
  must(data.isBackupEligible || !data.isBackedUp, 'its flags contradict each other')
  return data
}

function partOf(map: ReadonlyMap<unknown, unknown>, name: string | number): Buffer {
  const value = map.get(name)
  must(value instanceof Uint8Array, `its part ${name} is not there`)
  return Buffer.from(value)
}

/** A COSE key (RFC 9053 §7, RFC 8230 §4) of one of the algorithms, with the parameters that belong to it. */
function readKey(publicKey: Buffer): { readonly key: KeyObject; readonly algorithm: number } {
  const cose = decodeMap(publicKey)
  const [type, algorithm, curve] = [cose.get(1), cose.get(3), cose.get(-1)]
  const part = (name: number, bytes: number | null): string => {
    const value = partOf(cose, name)
    must(bytes === null || value.length === bytes, 'its key is malformed')
    return value.toString('base64url')
  }
  if (type === 2 && algorithm === -7 && curve === 1) {
    const jwk = { kty: 'EC', crv: 'P-256', x: part(-2, 32), y: part(-3, 32) }
    return { key: createPublicKey({ key: jwk, format: 'jwk' }), algorithm }
  }
  if (type === 1 && algorithm === -8 && curve === 6) {
    const jwk = { kty: 'OKP', crv: 'Ed25519', x: part(-2, 32) }
    return { key: createPublicKey({ key: jwk, format: 'jwk' }), algorithm }
  }
  must(type === 3 && algorithm === -257, 'its algorithm is not one of Ed25519, ES256 and RS256')
  const key = createPublicKey({ key: { kty: 'RSA', n: part(-1, null), e: part(-2, null) }, format: 'jwk' })
  const bits = key.asymmetricKeyDetails?.modulusLength ?? 0
  must(bits >= 2_048 && bits <= 4_096, 'its RSA key must have 2048 to 4096 bits')
  return { key, algorithm }
}

function isSigned(key: KeyObject, data: Buffer, signature: Buffer): boolean {
  return verify(key.asymmetricKeyType === 'ed25519' ? null : 'sha256', data, key, signature)
}

function bytesOf(encoded: string): Buffer {
  return Buffer.from(encoded, 'base64url')
}

function sha256(data: Buffer): Buffer {
  return createHash('sha256').update(data).digest()
}
