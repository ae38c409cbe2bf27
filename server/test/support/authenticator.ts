import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import type {
  AuthenticationResponseJSON,
  PublicKeyCredentialCreationOptionsJSON,
  PublicKeyCredentialRequestOptionsJSON,
  RegistrationResponseJSON,
} from '@simplewebauthn/server'

/** What a test bends: by default all is as an honest authenticator and an honest browser would have it. */
export interface Bend {
  /** Where the browser says that it is. */
  readonly origin?: string
  /** What the authenticator says the relying party is. */
  readonly rpId?: string
  readonly userVerified?: boolean
  readonly userPresent?: boolean
  /** The counter; -1 leaves it where it was. By default it goes up by one with each assertion. */
  readonly signCount?: number
  readonly userHandle?: string
  readonly attestation?: 'none' | 'packed'
  /** Members of the client data that are replaced or added. */
  readonly clientData?: Readonly<Record<string, unknown>>
}

interface Credential {
  readonly id: Buffer
  readonly rpId: string
  readonly userHandle: string
  readonly privateKey: KeyObject
  readonly digest: 'sha256' | null
  signCount: number
}

export type SoftwareAuthenticator = ReturnType<typeof createAuthenticator>

type Cbor = number | string | Buffer | ReadonlyMap<number | string, Cbor>

/**
 * A browser and its authenticator in one: makes passkeys and assertions that a WebAuthn server accepts (WebAuthn Level 3 §6.5, §7), from the
 * options that the server answered. `origin` is where the console runs, such as `http://localhost:4000`.
 *
 * @example
 * const device = createAuthenticator({ origin })
 * const registration = device.create(creationOptions)
 * const assertion = device.get(requestOptions)
 * const unverified = device.get(requestOptions, { userVerified: false })
 */
export function createAuthenticator(deps: {
  readonly origin: string
  readonly algorithm?: 'ES256' | 'EdDSA'
  /** False for a passkey that does not count, as synced ones do not. Default true. */
  readonly counts?: boolean
}) {
  const credentials: Credential[] = []
  const isEs256 = deps.algorithm !== 'EdDSA'

  const clientData = (type: string, challenge: string, bend: Bend): Buffer =>
    Buffer.from(
      JSON.stringify({
        type,
        challenge,
        origin: bend.origin ?? deps.origin,
        crossOrigin: false,
        ...bend.clientData,
      }),
    )

  return {
    /** Every passkey that it holds, the newest last. */
    credentials: credentials as readonly Credential[],

    /** `navigator.credentials.create`: makes a passkey and keeps it. */
    create(options: PublicKeyCredentialCreationOptionsJSON, bend: Bend = {}): RegistrationResponseJSON {
      const rpId = options.rp.id ?? new URL(deps.origin).hostname
      const pair = isEs256
        ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
        : generateKeyPairSync('ed25519')
      const credential: Credential = {
        id: randomBytes(32),
        rpId,
        userHandle: options.user.id,
        privateKey: pair.privateKey,
        digest: isEs256 ? 'sha256' : null,
        signCount: bend.signCount ?? 0,
      }
      credentials.push(credential)
      const length = Buffer.alloc(2)
      length.writeUInt16BE(credential.id.length)
      const attested = Buffer.concat([Buffer.alloc(16), length, credential.id, coseKey(pair.publicKey)])
      const client = clientData('webauthn.create', options.challenge, bend)
      const authData = authenticatorData(rpId, credential.signCount, bend, attested)
      const statement = new Map<string, Cbor>()
      if (bend.attestation === 'packed') {
        statement.set('alg', isEs256 ? -7 : -8)
        statement.set('sig', signed(credential, authData, client))
      }
      return {
        id: credential.id.toString('base64url'),
        rawId: credential.id.toString('base64url'),
        type: 'public-key',
        clientExtensionResults: {},
        response: {
          clientDataJSON: client.toString('base64url'),
          attestationObject: cbor(
            new Map<string, Cbor>([
              ['fmt', bend.attestation ?? 'none'],
              ['attStmt', statement],
              ['authData', authData],
            ]),
          ).toString('base64url'),
          transports: ['internal'],
        },
      }
    },

    /** `navigator.credentials.get`: an assertion of an allowed passkey, or, where none is named, of the newest for the relying party. */
    get(options: PublicKeyCredentialRequestOptionsJSON, bend: Bend = {}): AuthenticationResponseJSON {
      const rpId = options.rpId ?? new URL(deps.origin).hostname
      const allowed = options.allowCredentials?.map((item) => item.id)
      const credential = credentials.findLast(
        (item) => item.rpId === rpId && (!allowed?.length || allowed.includes(item.id.toString('base64url'))),
      )
      if (credential === undefined) throw new Error(`the authenticator has no passkey for ${rpId}`)
      if (bend.signCount !== undefined && bend.signCount >= 0) credential.signCount = bend.signCount
      else if (bend.signCount === undefined && deps.counts !== false) credential.signCount += 1
      const client = clientData('webauthn.get', options.challenge, bend)
      const authData = authenticatorData(rpId, credential.signCount, bend)
      return {
        id: credential.id.toString('base64url'),
        rawId: credential.id.toString('base64url'),
        type: 'public-key',
        clientExtensionResults: {},
        response: {
          clientDataJSON: client.toString('base64url'),
          authenticatorData: authData.toString('base64url'),
          signature: signed(credential, authData, client).toString('base64url'),
          userHandle: bend.userHandle ?? credential.userHandle,
        },
      }
    },
  }
}

function authenticatorData(rpId: string, count: number, bend: Bend, attested?: Buffer): Buffer {
  const present = bend.userPresent === false ? 0 : 0x01
  const verified = bend.userVerified === false ? 0 : 0x04
  const tail = Buffer.alloc(5)
  tail[0] = present | verified | (attested === undefined ? 0 : 0x40)
  tail.writeUInt32BE(count, 1)
  return Buffer.concat([sha256(Buffer.from(bend.rpId ?? rpId)), tail, attested ?? Buffer.alloc(0)])
}

function signed(credential: Credential, authData: Buffer, client: Buffer): Buffer {
  return sign(credential.digest, Buffer.concat([authData, sha256(client)]), credential.privateKey)
}

/** A public key as COSE writes it (RFC 9053 §7.1, §7.2). */
export function coseKey(publicKey: KeyObject): Buffer {
  const jwk = publicKey.export({ format: 'jwk' })
  const x = Buffer.from(jwk.x ?? '', 'base64url')
  if (jwk.kty === 'OKP')
    return cbor(
      new Map<number, Cbor>([
        [1, 1],
        [3, -8],
        [-1, 6],
        [-2, x],
      ]),
    )
  const y = Buffer.from(jwk.y ?? '', 'base64url')
  return cbor(
    new Map<number, Cbor>([
      [1, 2],
      [3, -7],
      [-1, 1],
      [-2, x],
      [-3, y],
    ]),
  )
}

function sha256(data: Buffer): Buffer {
  return createHash('sha256').update(data).digest()
}

/** RFC 8949, as much of it as WebAuthn needs: integers below 2^16, byte strings, texts, maps. */
export function cbor(value: Cbor): Buffer {
  if (typeof value === 'number') return value < 0 ? head(1, -1 - value) : head(0, value)
  if (Buffer.isBuffer(value)) return Buffer.concat([head(2, value.length), value])
  if (typeof value === 'string') return Buffer.concat([head(3, Buffer.byteLength(value)), Buffer.from(value)])
  return Buffer.concat([head(5, value.size), ...[...value].flatMap(([key, item]) => [cbor(key), cbor(item)])])
}

function head(major: number, count: number): Buffer {
  if (count < 24) return Buffer.from([(major << 5) | count])
  if (count < 256) return Buffer.from([(major << 5) | 24, count])
  return Buffer.from([(major << 5) | 25, count >> 8, count & 0xff])
}
