import { hashSecret, randomBase62 } from '../../security/access/index.ts'
import type { CredentialPepper } from '../../security/access/index.ts'

/** A year: a browser that comes back within it is known. */
export const DEVICE_COOKIE_SECONDS = 365 * 86_400

const MARK = /^bhd_[0-9A-Za-z]{43}$/
const NOBODY = '00000000-0000-0000-0000-000000000000'

/** A new mark for a browser: 256 bits that mean nothing by themselves. */
export function mintDeviceMark(): string {
  return `bhd_${randomBase62(43)}`
}

/** The mark that a request showed; null for none and for what we never set. */
export function deviceMarkOf(cookie: string | null): string | null {
  return cookie !== null && MARK.test(cookie) ? cookie : null
}

/**
 * What is stored of a mark: for one person, peppered, so that whoever writes to the database makes no device known. The same work for no
 * person and no mark.
 */
export function hashDeviceMark(
  pepper: Pick<CredentialPepper, 'of'>,
  personId: string | null,
  mark: string | null,
): Promise<Buffer> {
  return pepper.of(hashSecret(JSON.stringify(['bulkhead device 1', personId ?? NOBODY, mark ?? ''])))
}
