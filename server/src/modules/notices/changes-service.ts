import type { z } from 'zod'
import { Fault } from '../../kernel/faults.ts'
import { encodeId } from '../../kernel/ids.ts'
import type { IdKind } from '../../kernel/ids.ts'
import { idCursor, idOfCursor, missing, page } from '../../platform/http/listing.ts'
import type { OperationContext } from '../../platform/http/operation.ts'
import type { KeyringClient } from '../../platform/keyring-client/index.ts'
import { shownActor } from '../members/index.ts'
import type { Change } from './change.ts'
import { keyIdsOf, openIn } from './opening.ts'
import { decideChange, selectChanges } from './notices-store.ts'
import type { ChangeRow, Decision } from './notices-store.ts'

type View = z.output<typeof Change>
type Caller = Pick<OperationContext<unknown>, 'workspaceId' | 'principal' | 'read' | 'act'>

export interface Changes {
  list(
    caller: Caller,
    query: { readonly limit: number; readonly cursor?: string | undefined },
  ): Promise<{ data: View[]; nextCursor: string | null }>
  /**
   * Throws `not_found`; `conflict` where there is nothing left to decide, where the caller is no owner who was there before, or made the
   * change himself.
   */
  decide(
    caller: Caller,
    id: string,
    approve: boolean,
  ): Promise<{ id: string; state: 'approved' | 'rejected' }>
}

const KINDS: Readonly<Record<ChangeRow['subject'], IdKind>> = {
  sender: 'sender',
  sending_domain: 'domain',
  webhook_endpoint: 'webhook',
  member: 'member',
}

const REFUSALS: Readonly<Record<Exclude<Decision, 'done' | 'unknown'>, string>> = {
  decided: 'This change was decided already.',
  over: 'There is nothing to decide: it counts already, or it took something away.',
  not_owner: 'Only an owner decides, and one who is not new.',
  same_person: 'Another owner must decide: you made this change, or it is about you.',
  not_before: 'Only an owner who was there before the change decides.',
}

/** Changes of a workspace's profile: see the slice's door for what holds. */
export function createChanges(deps: { readonly keyring: Pick<KeyringClient, 'openContentKeys'> }): Changes {
  return {
    async list(caller, { limit, cursor }) {
      const { workspaceId } = caller
      const before = idOfCursor(cursor)
      const rows = await caller.read((db) => selectChanges(db, workspaceId, before, limit + 1))
      const keys = await deps.keyring.openContentKeys(
        workspaceId,
        keyIdsOf(rows.map((row) => row.sealed_subject)),
        'changes.list',
      )
      const subjectOf = (row: ChangeRow): string | null => {
        if (row.sealed_subject === null) return row.label
        const place = { workspaceId, table: 'sender', column: 'sealed_email', rowId: row.row_id }
        return openIn(keys, place, row.sealed_subject)
      }
      return page(
        rows,
        limit,
        (row) => view(row, subjectOf(row)),
        (row) => idCursor(row.id),
      )
    },

    decide(caller, id, approve) {
      const { principal } = caller
      if (principal.kind !== 'person') {
        throw new Fault('conflict', { detail: `${REFUSALS.not_owner} A key decides nothing.` })
      }
      // Whoever has the provider can be any owner who may use it: that would be one person. Taking away is open to him.
      if (approve && principal.factor === 'sso') {
        throw new Fault('conflict', {
          detail:
            'Approve with your own means: log in with your own second factor, not through the provider.',
        })
      }
      return caller.act(async (db, about) => {
        const decision = await decideChange(db, caller.workspaceId, id, principal.personId, approve)
        if (decision.outcome === 'unknown') throw missing('change', id)
        if (decision.outcome !== 'done') throw new Fault('conflict', { detail: REFUSALS[decision.outcome] })
        const { subject, row_id: rowId } = decision
        const target = subject === null || rowId === null ? null : encodeId(KINDS[subject], rowId)
        // About the row, so that the record explains what rejecting takes away.
        about(target ?? encodeId('change', id), { change: encodeId('change', id), kind: decision.kind })
        return { id: encodeId('change', id), state: approve ? ('approved' as const) : ('rejected' as const) }
      })
    },
  }
}

function view(row: ChangeRow, subject: string | null): View {
  return {
    id: encodeId('change', row.id),
    kind: row.kind,
    target: encodeId(KINDS[row.subject], row.row_id),
    subject,
    at: row.at.toISOString(),
    actor: row.actor === null ? null : shownActor(row.actor),
    inertUntil: row.inert_until?.toISOString() ?? null,
    state: row.state,
    decidedBy: row.decided_by === null ? null : shownActor(row.decided_by),
    decidedAt: row.decided_at?.toISOString() ?? null,
    unexplained: row.is_unexplained,
    messagesHeld: Number(row.held),
    notices: row.notices,
  }
}
