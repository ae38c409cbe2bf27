import type { z } from 'zod'
import { Fault } from '../../kernel/faults.ts'
import { encodeId } from '../../kernel/ids.ts'
import { idOf, missing } from '../../platform/http/listing.ts'
import type { PersonPrincipal, Principal } from '../../platform/http/operation.ts'
import type { Queryable } from '../../platform/postgres/index.ts'
import type { PeopleAccess } from '../../security/access/index.ts'
import { deviceName, networkName } from '../system-mail/index.ts'
import type { PeopleSealing } from './client-facts.ts'
import { isFactorRight } from './factor-checks.ts'
import type { FactorChecks, PasskeyOptions, ShownFactor } from './factor-checks.ts'
import type { LogInStore } from './log-in-store.ts'
import { selectSessions } from './sessions-store.ts'
import type { SessionView } from './session-views.ts'

export interface Sessions {
  list(principal: Principal): Promise<{ data: z.output<typeof SessionView>[] }>
  /** Throws `not_found` for a session that is not the person's own, or is over. */
  end(principal: Principal, id: string): Promise<void>
  /** Ends all of the person's sessions, or all but the one that asks; answers how many. */
  endAll(principal: Principal, including: boolean): Promise<number>
  /** Throws `unauthenticated` for a factor that is wrong, `too_many_requests`. */
  stepUp(principal: Principal, shown: ShownFactor): Promise<void>
  stepUpOptions(principal: Principal): Promise<PasskeyOptions>
}

/** A person's own sessions: see the slice's door for what holds. */
export function createSessions(deps: {
  readonly pool: Queryable
  readonly store: Pick<LogInStore, 'record'>
  readonly people: Pick<PeopleAccess, 'revoke' | 'strengthen'>
  readonly sealing: Pick<PeopleSealing, 'openDevices'>
  readonly factors: FactorChecks
}): Sessions {
  return {
    async list(principal) {
      const { personId, id } = personOf(principal)
      const rows = await selectSessions(deps.pool, personId)
      const sealed = rows.flatMap((row) =>
        row.sealed_device === null ? [] : [{ id: row.id, sealed: row.sealed_device }],
      )
      const opened = await deps.sealing.openDevices(sealed)
      const clients = new Map(sealed.map((row, at) => [row.id, opened[at]]))
      return {
        data: rows.map((row) => {
          const client = clients.get(row.id)
          return {
            id: encodeId('session', row.id),
            current: row.id === id,
            level: row.level,
            factor: row.factor,
            device: deviceName(client?.userAgent ?? ''),
            network: networkName(client?.address ?? ''),
            createdAt: row.created_at.toISOString(),
            lastSeenAt: row.last_seen_at.toISOString(),
            expiresAt: row.expires_at.toISOString(),
          }
        }),
      }
    },

    async end(principal, sessionId) {
      const { personId } = personOf(principal)
      const id = idOf('session', sessionId)
      if ((await deps.people.revoke(personId, { id })) === 0) throw missing('session', id)
      await deps.store.record(personId, 'session.ended', { session: id, ended: 1 })
    },

    async endAll(principal, including) {
      const { personId, id } = personOf(principal)
      const ended = await deps.people.revoke(personId, including ? {} : { except: id })
      await deps.store.record(personId, 'session.ended', { ended })
      return ended
    },

    async stepUp(principal, shown) {
      const { personId, id } = personOf(principal)
      const bound = { purpose: 'step_up', boundTo: id } as const
      if (!(await isFactorRight(deps.factors, personId, shown, bound))) {
        // Not `unauthenticated`: the session lives on, and a client that logs out at 401 must not.
        throw new Fault('step_up_required', {
          detail: 'That second factor is not right, or was used already. Try again.',
        })
      }
      if (!(await deps.people.strengthen(id, personId)))
        throw new Fault('unauthenticated', { detail: 'The session is over. Log in again.' })
      await deps.store.record(personId, 'session.strengthened', { session: id, factor: shown.kind })
    },

    async stepUpOptions(principal) {
      const { personId, id } = personOf(principal)
      return deps.factors.assertionOptions({ purpose: 'step_up', personId, boundTo: id })
    },
  }
}

/** The scopes of these operations are people's alone. */
function personOf(principal: Principal): PersonPrincipal {
  if (principal.kind === 'person') return principal
  throw new Error(`${principal.kind} has no sessions`)
}
