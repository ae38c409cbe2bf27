import { timingSafeEqual } from 'node:crypto'
import type { DoorName } from '../../kernel/doors.ts'
import type { CredentialPepper } from './credential-pepper.ts'
import { hashSecret } from './key-format.ts'

/** What a credential is bound to: who changes any of it has another credential, which opens nothing. */
export interface Bound {
  readonly kind: 'api_key' | 'smtp_credential' | 'staff'
  /** UUID of the row. */
  readonly id: string
  /** Null for staff. */
  readonly workspaceId: string | null
  /** Empty for what has none. */
  readonly scopes: readonly string[]
  /** To the millisecond; null for what never expires. */
  readonly expiresAt: Date | null
  /** As stored; absent is the same as empty. */
  readonly allowedCidrs?: readonly string[]
  readonly allowedSenders?: readonly string[]
  /** Which vendor's API it opens; absent or null: ours. */
  readonly door?: DoorName | null
  readonly doorScopes?: readonly string[]
}

/** No secret has this form, so that no binding passes for the peppered form of one. */
const LABEL = 'bulkhead credential binding 1'
const LABEL_WITH_BOUNDS = 'bulkhead credential binding 2'
const LABEL_OF_DOOR = 'bulkhead credential binding 3'

/**
 * The 32 bytes whose peppered form is the column `binding`. `digest` is the SHA-256 of the secret; of a key of a door it is the peppered form of
 * that, as stored. JSON keeps the fields apart, whatever stands in them; the order of scopes says nothing.
 *
 * Three forms. What has no bounds has the form of before there were any, so that credentials of older versions work as they are. What has
 * bounds has a form with another label. One never passes for the other: a row whose bounds were taken away is asked for the first form and
 * holds the second, a row to which bounds were given is asked for the second and holds the first, and both open nothing. The third, of keys of
 * doors, is told apart in the same way; because it takes nobody to have the secret at hand, a key of a door can be given other scopes by whoever
 * may ask the keyring, and still by nobody who can only write to the database.
 */
export function bindingDigest(bound: Bound, digest: Buffer): Buffer {
  const { allowedCidrs = [], allowedSenders = [] } = bound
  const { door = null, doorScopes = [] } = bound
  const hasBounds = door !== null || allowedCidrs.length + allowedSenders.length > 0
  return hashSecret(
    JSON.stringify([
      door !== null ? LABEL_OF_DOOR : hasBounds ? LABEL_WITH_BOUNDS : LABEL,
      bound.kind,
      bound.id,
      bound.workspaceId,
      [...bound.scopes].sort(),
      // The driver answers a number for `infinity`, which JSON would not tell from null.
      bound.expiresAt === null ? null : String(Number(bound.expiresAt)),
      digest.toString('hex'),
      ...(hasBounds ? [[...allowedCidrs].sort(), [...allowedSenders].sort()] : []),
      ...(door === null ? [] : [door, [...doorScopes].sort()]),
    ]),
  )
}

/** Hash and binding of a new credential, in one request to the keyring. Throws what the keyring client throws. */
export async function bindCredential(
  pepper: Pick<CredentialPepper, 'of'>,
  bound: Bound,
  digest: Buffer,
): Promise<{ readonly hash: Buffer; readonly binding: Buffer }> {
  if (isOfDoor(bound)) {
    const hash = await pepper.of(digest)
    return { hash, binding: await pepper.of(bindingDigest(bound, hash)) }
  }
  const [hash, binding] = await Promise.all([pepper.of(digest), pepper.of(bindingDigest(bound, digest))])
  return { hash, binding }
}

/**
 * Whether a stored credential is the one that was made, and is where it was made. The answer for one that fits is kept with that for its
 * digest. Throws what the keyring client throws where it is not kept.
 */
export async function fitsItsRow(
  pepper: CredentialPepper,
  bound: Bound,
  digest: Buffer,
  binding: Buffer | null,
): Promise<boolean> {
  const asked = bindingDigest(bound, isOfDoor(bound) ? await pepper.of(digest) : digest)
  const expected = await pepper.of(asked)
  if (binding?.length !== expected.length || !timingSafeEqual(binding, expected)) return false
  pepper.keep(asked, expected)
  return true
}

/** Whether a stored key of a door is bound as its row says, without its secret: before it is bound anew. */
export async function isBoundToItsRow(
  pepper: Pick<CredentialPepper, 'of'>,
  bound: Bound,
  stored: { readonly hash: Buffer; readonly binding: Buffer },
): Promise<boolean> {
  const expected = await pepper.of(bindingDigest(bound, stored.hash))
  return stored.binding.length === expected.length && timingSafeEqual(stored.binding, expected)
}

function isOfDoor({ door = null }: Bound): boolean {
  return door !== null
}
