import type { Lane } from '../../kernel/lane.ts'
import type { Pool } from '../../platform/postgres/index.ts'
import type { ClaimedRow, Settlement } from './job.ts'

export interface SigningKey {
  readonly selector: string
  readonly algorithm: 'rsa' | 'ed25519'
  readonly keyId: string
}

export interface SendingIdentity {
  readonly keys: readonly SigningKey[]
  /** The domain's own return path is published and leads to this installation. */
  readonly ownReturnPath: boolean
}

/** Where a destination leads. */
export interface NotedSite {
  readonly destination: bigint
  readonly site: string
  readonly provider: string | null
  readonly mxHosts: readonly string[]
  readonly policy: string
}

/** Rows that are ready (line 0), or those of one line. */
export interface ClaimPlace {
  readonly line: bigint
  /** Of ready rows: what goes into which line instead. */
  readonly avoid?: readonly Avoided[]
  /** Of a line: workspaces that may not go there now. */
  readonly skip?: readonly string[]
}

/** A destination whose site takes no more now, or takes no more of one workspace. */
export interface Avoided {
  readonly destination: bigint
  readonly workspaceId?: string
  readonly line: bigint
}

export interface SuppressionEntry {
  readonly id: string
  readonly workspaceId: string
  readonly addressIndex: Buffer
  readonly address: Buffer
  readonly messageId: string
  readonly evidence: Readonly<Record<string, unknown>>
}

export interface Claimed {
  readonly rows: readonly ClaimedRow[]
  /** The scan of workspaces ended here, not at the last one. */
  readonly stoppedAt: string | undefined
}

interface ClaimRow {
  message_id: string | null
  number: number
  workspace_id: string
  destination: string
  attempts: number
  due: Date
  expires_at: Date
  created_at: Date
  size_bytes: number
  sensitive: boolean
  from_domain: string
  summary: Buffer
  address: Buffer
  address_index: Buffer
  suppressed: string | null
  actor: string
}

export type DeliveryStore = ReturnType<typeof createDeliveryStore>

/** The engine's statements; each is one call per batch and never holds a transaction open over a network wait. */
export function createDeliveryStore(pool: Pool) {
  return {
    /** The time of the database, in milliseconds since 1970. */
    async clockMs(): Promise<number> {
      const { rows } = await pool.query<{ ms: number }>({
        name: 'engine.clock',
        text: 'select (extract(epoch from clock_timestamp()) * 1000)::float8 as ms',
        values: [],
      })
      if (rows[0] === undefined) throw new Error('the database answered no time')
      return rows[0].ms
    },

    async openLease(processId: string, seconds: number): Promise<string> {
      const { rows } = await pool.query<{ id: string }>('select engine.open_lease($1, $2)::text as id', [
        processId,
        seconds,
      ])
      if (rows[0] === undefined) throw new Error('engine.open_lease answered nothing')
      return rows[0].id
    },

    async renewLease(lease: string, seconds: number): Promise<boolean> {
      const { rows } = await pool.query<{ alive: boolean }>({
        name: 'engine.renew_lease',
        text: 'select engine.renew_lease($1, $2) as alive',
        values: [lease, seconds],
      })
      return rows[0]?.alive ?? false
    },

    async releaseLease(lease: string): Promise<void> {
      await pool.query('select engine.release_leases($1)', [lease])
    },

    async claim(
      lane: Lane,
      lease: string,
      limit: number,
      after: string,
      where: ClaimPlace,
    ): Promise<Claimed> {
      const { rows } = await pool.query<ClaimRow>({
        name: 'engine.claim',
        text: `select message_id, number, workspace_id, destination::text as destination, attempts, due, expires_at, created_at,
                      size_bytes, sensitive, from_domain, summary, address, address_index, suppressed, actor
               from engine.claim($1, $2, $3, $4, $5, $6, $7)`,
        values: [lane, lease, limit, after, where.line.toString(), avoidOf(where), where.skip ?? []],
      })
      const claimed = rows.flatMap((row) =>
        row.message_id === null
          ? []
          : [
              {
                lane,
                messageId: row.message_id,
                number: row.number,
                workspaceId: row.workspace_id,
                destination: BigInt(row.destination),
                attempts: row.attempts,
                due: row.due,
                expiresAt: row.expires_at,
                createdAt: row.created_at,
                sizeBytes: row.size_bytes,
                sensitive: row.sensitive,
                fromDomain: row.from_domain,
                summary: row.summary,
                address: row.address,
                addressIndex: row.address_index,
                suppressed: row.suppressed,
                actor: row.actor,
              },
            ],
      )
      return { rows: claimed, stoppedAt: rows.find((row) => row.message_id === null)?.workspace_id }
    },

    /** The lines of a lane in which something is waiting; 0 is none of them. */
    async waitingLines(lane: Lane): Promise<bigint[]> {
      const { rows } = await pool.query<{ line: string }>({
        name: 'engine.waiting_lines',
        text: 'select line::text as line from engine.waiting_lines($1) as line',
        values: [lane],
      })
      return rows.map((row) => BigInt(row.line))
    },

    /** Gives back the rows of a lane under this lease that are not among `held`; answers how many. */
    async returnStrays(
      lane: Lane,
      lease: string,
      held: readonly { readonly messageId: string; readonly number: number }[],
    ): Promise<number> {
      const { rows } = await pool.query<{ returned: number }>(
        'select engine.return_strays($1, $2, $3, $4) as returned',
        [lane, lease, held.map((row) => row.messageId), held.map((row) => row.number)],
      )
      return rows[0]?.returned ?? 0
    },

    /** Sealed bodies of those messages of which the lease holds a row, by message id. */
    async bodies(
      lane: Lane,
      lease: string,
      claimed: readonly Pick<ClaimedRow, 'messageId' | 'number'>[],
    ): Promise<Map<string, Buffer>> {
      const { rows } = await pool.query<{ message_id: string; sealed: Buffer }>({
        name: 'engine.bodies',
        text: 'select message_id, sealed from engine.bodies($1, $2, $3, $4)',
        values: [lane, lease, claimed.map((row) => row.messageId), claimed.map((row) => row.number)],
      })
      return new Map(rows.map((row) => [row.message_id, row.sealed]))
    },

    /** The published keys of a domain, and whether `rp.<domain>` leads bounces here. */
    async sendingIdentity(workspaceId: string, domain: string): Promise<SendingIdentity> {
      const { rows } = await pool.query<{
        selector: string
        algorithm: 'rsa' | 'ed25519'
        key_id: string
        return_path: boolean
      }>({
        name: 'engine.sending_identity',
        text: 'select selector, algorithm, key_id, return_path from engine.sending_identity($1, $2)',
        values: [workspaceId, domain],
      })
      return {
        keys: rows.map((row) => ({ selector: row.selector, algorithm: row.algorithm, keyId: row.key_id })),
        ownReturnPath: rows[0]?.return_path ?? false,
      }
    },

    /** Writes where destinations lead, for operators and for `explain`. */
    async noteSites(sites: readonly NotedSite[]): Promise<void> {
      await pool.query('select engine.note_sites($1, $2, $3, $4, $5)', [
        sites.map((site) => site.destination.toString()),
        sites.map((site) => site.site),
        sites.map((site) => site.provider),
        sites.map((site) => arrayText(site.mxHosts)),
        sites.map((site) => site.policy),
      ])
    },

    /** Settles; answers the positions of settlements that were refused because the row is no longer ours. */
    async settle(
      lane: Lane,
      lease: string,
      orFree: boolean,
      settlements: readonly Settlement[],
      newId: () => string,
    ): Promise<number[]> {
      const { rows } = await pool.query<{ item: number }>({
        name: 'engine.settle',
        text: 'select item from engine.settle($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11)',
        values: [
          lane,
          lease,
          orFree,
          settlements.map((s) => s.messageId),
          settlements.map((s) => s.number),
          settlements.map(() => newId()),
          settlements.map((s) => s.state),
          settlements.map((s) => s.attempted),
          settlements.map((s) => s.due ?? null),
          settlements.map((s) => s.type ?? null),
          settlements.map((s) => JSON.stringify(s.detail)),
        ],
      })
      return rows.map((row) => row.item - 1)
    },

    /** Moves the rows of a workspace for a destination that are due first behind `until`; reads at most `limit` rows. */
    async deferWaiting(
      lane: Lane,
      workspaceId: string,
      destination: bigint,
      until: Date,
      limit: number,
    ): Promise<number> {
      const { rows } = await pool.query<{ moved: string }>(
        'select engine.defer_waiting($1, $2, $3, $4, $5) as moved',
        [lane, workspaceId, destination.toString(), until, limit],
      )
      return Number(rows[0]?.moved ?? 0)
    },

    async suppress(entries: readonly SuppressionEntry[]): Promise<void> {
      await pool.query('select engine.suppress($1, $2, $3, $4, $5, $6)', [
        entries.map((e) => e.id),
        entries.map((e) => e.workspaceId),
        entries.map((e) => e.addressIndex),
        entries.map((e) => e.address),
        entries.map((e) => e.messageId),
        entries.map((e) => JSON.stringify(e.evidence)),
      ])
    },

    /** The sealed recipients that settlements are about. */
    async recipients(items: readonly { readonly messageId: string; readonly number: number }[]): Promise<
      {
        readonly messageId: string
        readonly number: number
        readonly workspaceId: string
        readonly address: Buffer
        readonly addressIndex: Buffer
      }[]
    > {
      const { rows } = await pool.query<{
        message_id: string
        number: number
        workspace_id: string
        address: Buffer
        address_index: Buffer
      }>(
        'select message_id, number, workspace_id, address, address_index from engine.bounced_recipients($1, $2)',
        [items.map((item) => item.messageId), items.map((item) => item.number)],
      )
      return rows.map((row) => ({
        messageId: row.message_id,
        number: row.number,
        workspaceId: row.workspace_id,
        address: row.address,
        addressIndex: row.address_index,
      }))
    },

    /** Of these messages, the sensitive ones that are done, with the content keys to destroy. */
    async sensitiveDone(
      messageIds: readonly string[],
    ): Promise<{ readonly messageId: string; readonly workspaceId: string; readonly keyId: string }[]> {
      const { rows } = await pool.query<{ message_id: string; workspace_id: string; key_id: string }>(
        'select message_id, workspace_id, key_id from engine.sensitive_leftovers($1, $2)',
        [messageIds, messageIds.length],
      )
      return rows.map((row) => ({
        messageId: row.message_id,
        workspaceId: row.workspace_id,
        keyId: row.key_id,
      }))
    },

    /** Removes bodies of sensitive messages that are done. */
    async eraseSensitive(messageIds: readonly string[]): Promise<void> {
      await pool.query('select engine.erase_sensitive($1)', [messageIds])
    },
  }
}

function avoidOf(where: ClaimPlace): string {
  return JSON.stringify(
    Object.fromEntries(
      (where.avoid ?? []).map(({ destination, workspaceId, line }) => [
        workspaceId === undefined ? destination.toString() : `${destination}/${workspaceId}`,
        line.toString(),
      ]),
    ),
  )
}

/** An array of host names as PostgreSQL writes it; names hold neither quotes nor backslashes. */
function arrayText(names: readonly string[]): string {
  return `{${names.map((name) => `"${name.replace(/["\\]/g, '')}"`).join(',')}}`
}
