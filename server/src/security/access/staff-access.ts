import { timingSafeEqual } from 'node:crypto'
import { Fault } from '../../kernel/faults.ts'
import type { Principal } from '../../platform/http/operation.ts'
import type { Queryable } from '../../platform/postgres/index.ts'
import type { Logger } from '../../platform/telemetry/index.ts'
import { bearerToken, orUnavailable } from './bearer.ts'
import { fitsItsRow } from './credential-binding.ts'
import type { CredentialPepper } from './credential-pepper.ts'
import { createForgeryReports } from './forgeries.ts'
import { hashSecret, isStaffKey } from './key-format.ts'
import { STAFF_OPERATOR_SCOPES, STAFF_SCOPES } from './scopes.ts'
import { findStaff } from './staff-access-store.ts'

export interface StaffAccess {
  /** The member of staff, or the operator, behind an `Authorization` header. Throws `unauthenticated` or `unavailable`. */
  authenticateBearer(authorization: string | undefined): Promise<Principal>
}

/**
 * Resolves staff keys and the operator's key, for the staff process. Every request is looked up: a revoked member's next request
 * fails. `operatorKeyHash` is the SHA-256 (hex) of the operator's key on this host. No API key opens anything here.
 */
export function createStaffAccess(deps: {
  readonly pool: Queryable
  readonly pepper: CredentialPepper
  readonly operatorKeyHash: string
  readonly log?: Logger
}): StaffAccess {
  const operatorHash = Buffer.from(deps.operatorKeyHash, 'hex')
  if (operatorHash.length !== 32) throw new Error('operatorKeyHash is not a SHA-256 in hex')
  const reportForgery = createForgeryReports({
    pool: deps.pool,
    clock: () => performance.now(),
    log: deps.log,
  })
  return {
    async authenticateBearer(authorization) {
      const token = bearerToken(authorization)
      if (token === null)
        throw new Fault('unauthenticated', { detail: 'Send the header "Authorization: Bearer <staff key>".' })
      const digest = hashSecret(token)
      if (timingSafeEqual(digest, operatorHash))
        return { kind: 'operator', id: 'installation', scopes: STAFF_OPERATOR_SCOPES }
      if (!isStaffKey(token)) throw refused()
      const member = await orUnavailable(
        (async () => {
          const peppered = await deps.pepper.of(digest)
          const found = await findStaff(deps.pool, peppered)
          if (found === undefined) return undefined
          const bound = { ...STAFF, id: found.id }
          if (!(await fitsItsRow(deps.pepper, bound, digest, found.binding))) {
            await reportForgery(bound)
            return undefined
          }
          deps.pepper.keep(digest, peppered)
          return found
        })(),
      )
      if (member === undefined) throw refused()
      return { kind: 'staff', id: member.id, scopes: STAFF_SCOPES }
    },
  }
}

const STAFF = { kind: 'staff', workspaceId: null, scopes: [], expiresAt: null } as const

function refused(): Fault {
  return new Fault('unauthenticated', { detail: 'The staff key is not valid: it is mistyped or revoked.' })
}
