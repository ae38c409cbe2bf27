import type { z } from 'zod'
import { CONTAINMENT_DAYS_MAX, CONTAINMENT_HOURS_DEFAULT } from '../../kernel/containment.ts'
import { Fault, sentence, invalidField } from '../../kernel/faults.ts'
import { decodeId, encodeId } from '../../kernel/ids.ts'
import { idCursor, idOf, idOfCursor, missing, page } from '../../platform/http/listing.ts'
import { readLiveProcesses } from '../../platform/lifecycle/index.ts'
import { errorCode } from '../../platform/postgres/index.ts'
import type { Queryable } from '../../platform/postgres/index.ts'
import { bindCredential, mintStaffKey } from '../../security/access/index.ts'
import type { CredentialPepper } from '../../security/access/index.ts'
import { MEMBER_LABEL, viewContainment, viewMember, viewQueue, viewWorkspace } from './staff-views.ts'
import { createStaffStore } from './staff-store.ts'
import type { ContainmentInput, Reach } from './staff.ts'

type ReachInput = z.output<z.ZodObject<typeof Reach>>
type NewContainment = z.output<z.ZodObject<typeof ContainmentInput>>
interface Paged {
  readonly limit: number
  readonly cursor?: string | undefined
}

const FIRST = '00000000-0000-0000-0000-000000000000'
const HOUR_MS = 3_600_000
const UNIQUE_VIOLATION = '23505'

export type Staff = ReturnType<typeof createStaff>

/** What staff and the operator do at the staff process: see the slice's door for what holds. `actor` goes to the audit log. */
export function createStaff(deps: {
  readonly pool: Queryable
  readonly pepper: Pick<CredentialPepper, 'of'>
  readonly newId: () => string
  readonly clock: () => number
}) {
  const store = createStaffStore(deps.pool)

  return {
    async addMember(actor: string, label: string) {
      if (!MEMBER_LABEL.test(label))
        throw invalidField('label', 'has letters, digits, dots, hyphens and spaces', 'Choose a pseudonym.')
      const { key, prefix, hash } = mintStaffKey()
      const id = deps.newId()
      try {
        const createdAt = await store.addMember({
          id,
          label,
          prefix,
          ...(await bindCredential(
            deps.pepper,
            { kind: 'staff', id, workspaceId: null, scopes: [], expiresAt: null },
            hash,
          )),
          actor,
        })
        const member = viewMember({
          id,
          label,
          key_prefix: prefix,
          created_at: createdAt,
          revoked_at: null,
          last_used_at: null,
        })
        return { ...member, key: key.reveal() }
      } catch (error) {
        if (errorCode(error) === UNIQUE_VIOLATION)
          throw new Fault('conflict', {
            detail: `There is or was a member of staff labelled ${label}.`,
            cause: error,
          })
        throw error
      }
    },

    members: async () => ({ data: (await store.members()).map(viewMember) }),

    async revokeMember(actor: string, id: string): Promise<void> {
      const uuid = idOf('staffMember', id)
      if (!(await store.revokeMember(uuid, actor))) throw missing('staffMember', uuid)
    },

    async workspaces({ limit, cursor }: Paged) {
      const rows = await store.workspaces(idOfCursor(cursor) ?? FIRST, limit + 1)
      return page(rows, limit, viewWorkspace, (row) => idCursor(row.id))
    },

    async queue(workspaceId: string | undefined) {
      const rows = await store.queue(workspaceId === undefined ? null : idOf('workspace', workspaceId))
      return { data: rows.map(viewQueue) }
    },

    async processes() {
      const rows = await readLiveProcesses(deps.pool)
      return { data: rows.map(({ kind, ...row }) => ({ process: kind, ...row })) }
    },

    async containments({
      limit,
      cursor,
      workspaceId,
    }: Paged & { readonly workspaceId?: string | undefined }) {
      const of = workspaceId === undefined ? null : idOf('workspace', workspaceId)
      const rows = await store.containments(of, idOfCursor(cursor), limit + 1)
      return page(rows, limit, viewContainment, (row) => idCursor(row.id))
    },

    /** What a containment of this reach would stop, by lane. */
    async preview(input: ReachInput) {
      const { workspaceId, subject } = reach(input)
      const rows = await store.preview(workspaceId, subject)
      return {
        data: rows.map((row) => ({
          lane: row.lane,
          acceptedLastHour: Number(row.accepted_last_hour),
          waiting: Number(row.waiting),
        })),
      }
    },

    async contain(actor: string, input: NewContainment) {
      const until =
        input.until === undefined
          ? new Date(deps.clock() + CONTAINMENT_HOURS_DEFAULT * HOUR_MS)
          : new Date(input.until)
      const ahead = until.getTime() - deps.clock()
      if (ahead <= 0 || ahead > CONTAINMENT_DAYS_MAX * 24 * HOUR_MS)
        throw invalidField('until', `lies within the next ${CONTAINMENT_DAYS_MAX} days`)
      const made = await withFaults(
        store.contain({
          ...input,
          ...reach(input),
          incident: input.incident ?? null,
          evidence: input.evidence ?? null,
          until,
          actor,
        }),
      )
      return {
        id: encodeId('containment', made.id),
        until: until.toISOString(),
        ended: made.ended,
        unfinished: made.unfinished,
      }
    },

    requestLift: (actor: string, id: string, reason: string): Promise<void> =>
      withFaults(store.requestLift(idOf('containment', id), actor, reason)),

    lift: (actor: string, id: string, reason: string): Promise<void> =>
      withFaults(store.lift(idOf('containment', id), actor, reason)),

    async bumpEpoch(
      actor: string,
      input: {
        readonly scope: 'installation' | 'workspace'
        readonly workspaceId?: string | undefined
        readonly class: string
        readonly reason: string
      },
    ) {
      const { workspaceId } = reach(input)
      const bumped = await withFaults(
        store.bumpEpoch({
          auditId: deps.newId(),
          scope: input.scope,
          workspaceId,
          subject: null,
          class: input.class,
          actor,
          reason: input.reason,
        }),
      )
      return { floor: Number(bumped.floor), bumpedAt: bumped.bumped_at.toISOString() }
    },

    async revokeCredential(actor: string, credentialId: string, reason: string): Promise<void> {
      const { kind, id } = credentialOf('credentialId', credentialId)
      if (!(await store.revokeCredential(kind, id, actor, reason)))
        throw new Fault('not_found', { detail: `There is no credential ${credentialId}.` })
    },
  }
}

function reach(input: ReachInput): { workspaceId: string | null; subject: string | null } {
  if (input.scope === 'installation') {
    if (input.workspaceId !== undefined)
      throw invalidField('workspaceId', 'is not for the scope installation', 'Leave it out.')
    return { workspaceId: null, subject: null }
  }
  if (input.workspaceId === undefined)
    throw invalidField('workspaceId', 'is missing', `The scope ${input.scope} needs it.`)
  const workspaceId = idOf('workspace', input.workspaceId)
  if (input.scope === 'workspace') return { workspaceId, subject: null }
  if (input.credentialId === undefined)
    throw invalidField('credentialId', 'is missing', 'The scope credential needs it.')
  const { kind, id } = credentialOf('credentialId', input.credentialId)
  return { workspaceId, subject: `${kind}:${id}` }
}

function credentialOf(field: string, text: string): { kind: 'api_key' | 'smtp_credential'; id: string } {
  const key = decodeId('apiKey', text)
  if (key !== null) return { kind: 'api_key', id: key }
  const smtp = decodeId('smtpCredential', text)
  if (smtp !== null) return { kind: 'smtp_credential', id: smtp }
  throw invalidField(field, 'is no credential', 'Give an id that begins with key_ or smtp_.')
}

/** What the functions of containment refuse, as faults; see engine.liftable. */
async function withFaults<T>(work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    const detail = sentence(error instanceof Error ? error.message : 'it was refused')
    switch (errorCode(error) ?? '') {
      case 'BH403':
        throw new Fault('lift_refused', { detail, cause: error })
      case 'BH404':
        throw new Fault('not_found', { detail, cause: error })
      case 'BH409':
        throw new Fault('conflict', { detail, cause: error })
      // The foreign key to the workspace.
      case '23503':
        throw new Fault('not_found', { detail: 'There is no such workspace.', cause: error })
      default:
        throw error
    }
  }
}
