/** What Node's X509Certificate does not tell of a certificate. */
export interface CertificateExtensions {
  /** basicConstraints pathLenConstraint; undefined where there is none. */
  readonly pathLength: number | undefined
  readonly nameConstraints: boolean
  /** Object identifier (hex of its DER content) of a critical extension that nobody here understands. */
  readonly unknownCritical: string | undefined
}

const BASIC_CONSTRAINTS = '551d13'
const NAME_CONSTRAINTS = '551d1e'
/**
 * Key usage, alternative name, extended key usage, key identifiers: checked by OpenSSL or by the caller. Policies and their
 * constraints: nobody asks for a policy, so they cannot fail (RFC 5280 §6.1.1).
 */
const KNOWN: ReadonlySet<string> = new Set([
  BASIC_CONSTRAINTS,
  NAME_CONSTRAINTS,
  '551d0f',
  '551d11',
  '551d25',
  '551d23',
  '551d0e',
  '551d20',
  '551d21',
  '551d24',
  '551d36',
])
const SEQUENCE = 0x30
const BOOLEAN = 0x01
const INTEGER = 0x02
const OBJECT_IDENTIFIER = 0x06
const OCTET_STRING = 0x04
const EXTENSIONS = 0xa3
const VERSION = 0xa0

interface Element {
  readonly tag: number
  readonly content: Buffer
  /** Tag, length and content. */
  readonly whole: Buffer
}

/** Reads the extensions of a DER certificate (RFC 5280 §4.1). Throws for what is not one. */
export function readExtensions(certificate: Buffer): CertificateExtensions {
  const signed = one(one(certificate, SEQUENCE), SEQUENCE)
  const block = elements(signed).find(({ tag }) => tag === EXTENSIONS)
  let pathLength: number | undefined
  let nameConstraints = false
  let unknownCritical: string | undefined
  for (const { content } of block === undefined ? [] : elements(one(block.content, SEQUENCE))) {
    const parts = elements(content)
    const id = parts.find(({ tag }) => tag === OBJECT_IDENTIFIER)?.content.toString('hex') ?? ''
    const critical = parts.some(({ tag, content: value }) => tag === BOOLEAN && value[0] !== 0)
    const value = parts.find(({ tag }) => tag === OCTET_STRING)?.content
    if (critical && !KNOWN.has(id)) unknownCritical ??= id
    if (id === NAME_CONSTRAINTS) nameConstraints = true
    if (id === BASIC_CONSTRAINTS && value !== undefined) pathLength = pathLengthOf(value)
  }
  return { pathLength, nameConstraints, unknownCritical }
}

/**
 * The SubjectPublicKeyInfo as it stands in the certificate: TLSA records with selector 1 match these bytes (RFC 6698 §2.1.2), and
 * a key that is decoded and encoded again may have others. Throws for what is no certificate.
 */
export function readPublicKeyInfo(certificate: Buffer): Buffer {
  const parts = elements(one(one(certificate, SEQUENCE), SEQUENCE))
  // Version is optional, then: serial number, algorithm, issuer, validity, subject, key (RFC 5280 §4.1).
  const key = parts[parts[0]?.tag === VERSION ? 6 : 5]
  if (key?.tag !== SEQUENCE) throw new Error('the certificate has no public key')
  return key.whole
}

function pathLengthOf(basicConstraints: Buffer): number | undefined {
  const length = elements(one(basicConstraints, SEQUENCE)).find(({ tag }) => tag === INTEGER)?.content
  if (length === undefined) return undefined
  // Longer numbers constrain nothing that could be presented here.
  return length.length === 1 ? length[0] : Number.MAX_SAFE_INTEGER
}

/** The content of the first element, which must have this tag. */
function one(der: Buffer, tag: number): Buffer {
  const [first] = elements(der)
  if (first?.tag !== tag) throw new Error('the certificate is not DER as expected')
  return first.content
}

/** Elements side by side (X.690 §8.1), with single-byte tags and definite lengths, as certificates have them. */
function elements(der: Buffer): Element[] {
  const found: Element[] = []
  for (let at = 0; at < der.length;) {
    const tag = der[at] ?? 0
    const first = der[at + 1] ?? 0x80
    const bytes = first < 0x80 ? 0 : first & 0x7f
    if (first === 0x80 || bytes > 4 || at + 2 + bytes > der.length)
      throw new Error('the certificate has a length that is not DER')
    const length = bytes === 0 ? first : der.readUIntBE(at + 2, bytes)
    const start = at + 2 + bytes
    if (start + length > der.length) throw new Error('the certificate ends within an element')
    found.push({ tag, content: der.subarray(start, start + length), whole: der.subarray(at, start + length) })
    at = start + length
  }
  return found
}
