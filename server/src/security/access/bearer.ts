import { Fault } from '../../kernel/faults.ts'

const AUTHORIZATION_MAX = 512

/** The token of an `Authorization: Bearer` header (RFC 6750 §2.1); null for everything else. */
export function bearerToken(authorization: string | undefined): string | null {
  if (authorization === undefined || authorization.length > AUTHORIZATION_MAX) return null
  return /^bearer +([\x21-\x7e]+)$/i.exec(authorization)?.[1] ?? null
}

/** A database or a keyring that is away is `unavailable`, and never a wrong secret. */
export async function orUnavailable<T>(work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    throw new Fault('unavailable', {
      detail: 'Credentials cannot be checked right now; try again.',
      internal: 'the look-up of a credential failed',
      retryAfterSeconds: 2,
      cause: error,
    })
  }
}
