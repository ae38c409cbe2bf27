/**
 * References that travel through strangers' hands and come back: return paths and links of mail. They name what they are about and carry a MAC of it,
 * so nothing is looked up to know whether one is ours. Owns no table. Invariants: what was not written here is null, after the same work; a
 * link is read on the host only that it was written for.
 */
export { createReferenceKey } from './reference-keys.ts'
export type { ReferenceKey, ReferenceKeyring } from './reference-keys.ts'
export { looksLikeReturnPath, readReturnPath, WHOLE_MESSAGE, writeReturnPath } from './return-path.ts'
export type { ReturnPathReference } from './return-path.ts'
export { createLinkReferences, isFollowable, TARGET_BYTES_MAX } from './links.ts'
export type { LinkReference, LinkReferences } from './links.ts'
