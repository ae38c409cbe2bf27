import { createPublicKey, generateKeyPairSync, hash, randomBytes, sign, X509Certificate } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { isIP } from 'node:net'

/** One DER element (X.690 §8.1). */
export function der(tag: number, ...parts: Uint8Array[]): Buffer {
  const content = Buffer.concat(parts)
  const { length } = content
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.from([tag, ...size]), content])
}

const oid = (hex: string) => der(0x06, Buffer.from(hex, 'hex'))
const nameOf = (text: string) => der(0x30, der(0x31, der(0x30, oid('550403'), der(0x0c, Buffer.from(text)))))
const timeOf = (ms: number) =>
  der(0x17, Buffer.from(`${new Date(ms).toISOString().replaceAll(/[-:T]/g, '').slice(2, 14)}Z`))
const extension = (id: string, critical: boolean, value: Buffer) =>
  der(0x30, oid(id), ...(critical ? [der(0x01, Buffer.from([0xff]))] : []), der(0x04, value))

const SIGNATURES = {
  sha256: der(0x30, oid('2a8648ce3d040302')),
  sha1: der(0x30, oid('2a8648ce3d0401')),
}
const newKey = () => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
const DAY_MS = 86_400_000

export interface CertificateOptions {
  readonly subject: string
  /** Subject alternative names: DNS names and IP addresses. */
  readonly names?: readonly string[]
  /** Signed by this one; by itself where there is none. */
  readonly issuer?: Certificate
  readonly ca?: boolean
  readonly pathLength?: number
  readonly validFromMs?: number
  readonly validToMs?: number
  readonly digest?: keyof typeof SIGNATURES
  /** Extended key usage, hex of the identifier's content: `2b06010505070302` is client authentication. */
  readonly purpose?: string
  /** More extensions: identifier (hex), critical, DER value. */
  readonly extensions?: readonly (readonly [id: string, critical: boolean, value: Buffer])[]
  /** Has this one's key. */
  readonly keyOf?: Certificate
  /** Signs with a key that is not the issuer's. */
  readonly forged?: boolean
}

export interface Certificate {
  readonly subject: string
  readonly privateKey: KeyObject
  readonly key: string
  readonly cert: string
  readonly raw: Buffer
  /** SubjectPublicKeyInfo. */
  readonly spki: Buffer
}

/** A P-256 certificate (RFC 5280 §4.1) with whatever is wrong with it that a test asks for. */
export function certificate(options: CertificateOptions): Certificate {
  const { subject, names = [], issuer, ca = false, pathLength, digest = 'sha256' } = options
  const privateKey = options.keyOf?.privateKey ?? newKey()
  const publicKey = createPublicKey(privateKey)
  const spki = publicKey.export({ type: 'spki', format: 'der' })
  const serial = randomBytes(12)
  serial[0] = 0x40
  const general = names.map((name) =>
    isIP(name) === 4 ? der(0x87, Buffer.from(name.split('.').map(Number))) : der(0x82, Buffer.from(name)),
  )
  const basic = der(
    0x30,
    ...(ca ? [der(0x01, Buffer.from([0xff]))] : []),
    ...(pathLength === undefined ? [] : [der(0x02, Buffer.from([pathLength]))]),
  )
  const extensions = [
    extension('551d13', true, basic),
    ...(general.length === 0 ? [] : [extension('551d11', false, der(0x30, ...general))]),
    ...(options.purpose === undefined ? [] : [extension('551d25', false, der(0x30, oid(options.purpose)))]),
    ...(options.extensions ?? []).map((each) => extension(...each)),
  ]
  const body = der(
    0x30,
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, serial),
    SIGNATURES[digest],
    nameOf(issuer?.subject ?? subject),
    der(
      0x30,
      timeOf(options.validFromMs ?? Date.now() - DAY_MS),
      timeOf(options.validToMs ?? Date.now() + DAY_MS),
    ),
    nameOf(subject),
    spki,
    der(0xa3, der(0x30, ...extensions)),
  )
  const signer = options.forged ? newKey() : (issuer?.privateKey ?? privateKey)
  const raw = der(0x30, body, SIGNATURES[digest], der(0x03, Buffer.from([0]), sign(digest, body, signer)))
  return {
    subject,
    privateKey,
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    cert: new X509Certificate(raw).toString(),
    raw,
    spki,
  }
}

/** The data of a TLSA record for this certificate (RFC 6698 §2.1). */
export function tlsa(usage: number, selector: number, matchingType: number, of: Certificate) {
  const selected = selector === 0 ? of.raw : of.spki
  const digest = ['', 'sha256', 'sha512'][matchingType] ?? ''
  const data = digest === '' ? selected : hash(digest, selected, 'buffer')
  return { usage, selector, matchingType, data }
}
