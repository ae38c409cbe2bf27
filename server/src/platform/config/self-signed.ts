import { createPrivateKey, generateKeyPairSync, randomBytes, sign } from 'node:crypto'
import { isIP } from 'node:net'

export interface SelfSigned {
  readonly certificatePem: string
  readonly privateKeyPem: string
}

/**
 * A self-signed ECDSA P-256 certificate (X.509 v3, RFC 5280 §4.1) for development. Written out in DER here, because one
 * certificate with fixed fields needs fifty lines, and the certificate libraries bring a dozen packages.
 */
export function createSelfSigned(options: {
  readonly names: readonly string[]
  readonly notBefore: Date
  readonly notAfter: Date
}): SelfSigned {
  const { publicKey, privateKey } = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    publicKeyEncoding: { type: 'spki', format: 'der' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  })
  const algorithm = sequence(oid('2a8648ce3d040302')) // ecdsa-with-SHA256
  const name = sequence(
    der(0x31, sequence(oid('550403'), der(0x0c, Buffer.from(options.names[0] ?? 'localhost')))),
  )
  // A serial number is a positive integer of at most 20 octets: the top bit is cleared, the next one set.
  const serial = randomBytes(16)
  serial[0] = ((serial[0] ?? 0) & 0x7f) | 0x40
  const alternatives = options.names.map((item) => {
    const family = isIP(item)
    if (family === 4) return der(0x87, Buffer.from(item.split('.').map(Number)))
    return family === 6 ? der(0x87, ipv6Bytes(item)) : der(0x82, Buffer.from(item))
  })
  const extensions = sequence(
    sequence(oid('551d13'), der(0x01, Buffer.of(0xff)), der(0x04, sequence(der(0x01, Buffer.of(0xff))))), // basicConstraints: CA
    sequence(oid('551d11'), der(0x04, sequence(...alternatives))), // subjectAltName
  )
  const body = sequence(
    der(0xa0, der(0x02, Buffer.of(2))),
    der(0x02, serial),
    algorithm,
    name,
    sequence(time(options.notBefore), time(options.notAfter)),
    name,
    publicKey,
    der(0xa3, extensions),
  )
  const signature = sign('sha256', body, createPrivateKey(privateKey))
  const certificate = sequence(body, algorithm, der(0x03, Buffer.concat([Buffer.of(0), signature])))
  const base64 = certificate
    .toString('base64')
    .replaceAll(/(.{64})/g, '$1\n')
    .trimEnd()
  return {
    certificatePem: `-----BEGIN CERTIFICATE-----\n${base64}\n-----END CERTIFICATE-----\n`,
    privateKeyPem: privateKey,
  }
}

function der(tag: number, content: Buffer): Buffer {
  const length =
    content.length < 0x80
      ? Buffer.of(content.length)
      : content.length < 0x100
        ? Buffer.of(0x81, content.length)
        : Buffer.of(0x82, content.length >> 8, content.length & 0xff)
  return Buffer.concat([Buffer.of(tag), length, content])
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return der(0x30, Buffer.concat(parts))
}

function oid(hex: string): Buffer {
  return der(0x06, Buffer.from(hex, 'hex'))
}

/** UTCTime until 2049, GeneralizedTime after it (RFC 5280 §4.1.2.5). */
function time(date: Date): Buffer {
  const text = `${date.toISOString().replaceAll(/[-:T]/g, '').slice(0, 14)}Z`
  return date.getUTCFullYear() < 2050 ? der(0x17, Buffer.from(text.slice(2))) : der(0x18, Buffer.from(text))
}

function ipv6Bytes(address: string): Buffer {
  const [head = '', tail] = new URL(`http://[${address}]/`).hostname.slice(1, -1).split('::')
  const left = head === '' ? [] : head.split(':')
  const right = tail === undefined || tail === '' ? [] : tail.split(':')
  const zeros: string[] = Array.from({ length: 8 - left.length - right.length }, () => '0')
  return Buffer.from([...left, ...zeros, ...right].map((part) => part.padStart(4, '0')).join(''), 'hex')
}
