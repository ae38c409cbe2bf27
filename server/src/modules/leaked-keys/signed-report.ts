import { createPublicKey, verify } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { z } from 'zod'

/**
 * The two formats of GitHub's secret-scanning partner programme: the list of its public keys, and the report, a JSON array whose raw bytes
 * are signed with ECDSA on P-256 and SHA-256 (DER in base64).
 */
const PublicKeys = z.object({
  public_keys: z
    .array(z.object({ key_identifier: z.string().min(1).max(200), key: z.string().max(2_000) }))
    .max(100),
})

const Findings = z
  .array(
    z.object({
      token: z.string().min(1).max(2_000),
      type: z.string().max(200).default(''),
      url: z.string().max(4_000).nullish(),
      source: z.string().max(200).nullish(),
    }),
  )
  .max(1_000)

export type Finding = z.output<typeof Findings>[number]

/** Keys by identifier; those that are no P-256 keys are left out. Null for what is no such list. */
export function parsePublicKeys(json: string): ReadonlyMap<string, KeyObject> | null {
  const parsed = PublicKeys.safeParse(parseJson(json))
  if (!parsed.success) return null
  const keys = new Map<string, KeyObject>()
  for (const { key_identifier: id, key: pem } of parsed.data.public_keys) {
    const key = p256(pem)
    if (key !== null) keys.set(id, key)
  }
  return keys
}

/** Whether `signature` (base64) is of exactly these bytes. False for what is no signature. */
export function isSignedBy(key: KeyObject, raw: Buffer, signature: string): boolean {
  if (!/^[A-Za-z0-9+/]{20,300}={0,2}$/.test(signature)) return false
  try {
    return verify('sha256', raw, { key, dsaEncoding: 'der' }, Buffer.from(signature, 'base64'))
  } catch {
    return false
  }
}

/** What a report says; null for what is none. */
export function parseFindings(raw: Buffer): readonly Finding[] | null {
  const parsed = Findings.safeParse(parseJson(raw.toString('utf8')))
  return parsed.success ? parsed.data : null
}

function p256(pem: string): KeyObject | null {
  try {
    const key = createPublicKey(pem)
    const isP256 = key.asymmetricKeyType === 'ec' && key.asymmetricKeyDetails?.namedCurve === 'prime256v1'
    return isP256 ? key : null
  } catch {
    return null
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
