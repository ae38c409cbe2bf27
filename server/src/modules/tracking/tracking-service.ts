import { z } from 'zod'
import { decodeId, encodeId } from '../../kernel/ids.ts'
import { Fault } from '../../kernel/faults.ts'
import { Instant } from '../../platform/http/listing.ts'
import type { OperationContext } from '../../platform/http/operation.ts'
import { FETCHERS } from './fetch-rules.ts'
import { selectCounts, selectSettings, storeSettings, TRACKING_MODES } from './tracking-store.ts'
import type { TrackingSettings } from './tracking-store.ts'

const Mode = z
  .enum(TRACKING_MODES)
  .describe('off or on where a message says nothing; never: a message cannot ask for it.')

export const TrackingSettingsView = z
  .object({
    opens: Mode,
    clicks: Mode,
    critical: z.boolean().describe('Whether on counts for the lane critical too.'),
  })
  .meta({ id: 'TrackingSettings' })

const Fetched = z.partialRecord(z.enum(FETCHERS), z.int())

export const MessageTracking = z
  .object({
    messageId: z.string(),
    data: z.array(
      z.object({
        kind: z.enum(['open', 'click']),
        recipient: z
          .int()
          .nullable()
          .describe('Number of the recipient; null where the message has several.'),
        link: z
          .int()
          .nullable()
          .describe('Place among the tracked links of the message, from 0; null for opens.'),
        fetched: Fetched.describe('How often, by whom.'),
        firstAt: Instant,
        lastAt: Instant,
      }),
    ),
  })
  .meta({ id: 'MessageTracking' })

type Caller = Pick<OperationContext<unknown>, 'workspaceId' | 'read' | 'act'>

export interface TrackingService {
  settings(caller: Caller): Promise<TrackingSettings>
  /** Changes what is given. */
  update(
    caller: Caller,
    wanted: { readonly [K in keyof TrackingSettings]?: TrackingSettings[K] | undefined },
  ): Promise<TrackingSettings>
  counts(caller: Caller, messageId: string): Promise<z.output<typeof MessageTracking>>
}

const NOTHING_SET: TrackingSettings = { opens: 'off', clicks: 'off', critical: false }

/** What a workspace wants of tracking, and what it has seen. */
export function createTrackingService(deps: {
  readonly changed: (workspaceId: string) => void
}): TrackingService {
  return {
    settings: async (caller) =>
      (await caller.read((db) => selectSettings(db, caller.workspaceId))) ?? NOTHING_SET,

    async update(caller, wanted) {
      const { workspaceId } = caller
      const stored = await caller.act(async (db, about) => {
        const before = (await selectSettings(db, workspaceId)) ?? NOTHING_SET
        const after = {
          opens: wanted.opens ?? before.opens,
          clicks: wanted.clicks ?? before.clicks,
          critical: wanted.critical ?? before.critical,
        }
        await storeSettings(db, workspaceId, after)
        about(encodeId('workspace', workspaceId), after)
        return after
      })
      deps.changed(workspaceId)
      return stored
    },

    async counts(caller, messageId) {
      const id = decodeId('message', messageId)
      const rows = id === null ? null : await caller.read((db) => selectCounts(db, caller.workspaceId, id))
      if (rows === null) throw new Fault('not_found', { detail: 'There is no such message.' })
      return {
        messageId,
        data: rows.map((row) => ({
          kind: row.kind,
          recipient: row.number === 0 ? null : row.number,
          link: row.kind === 'open' ? null : row.link,
          fetched: Object.fromEntries(
            FETCHERS.map((fetcher, place) => [fetcher, Number(row.fetched[place] ?? 0)] as const).filter(
              ([, count]) => count > 0,
            ),
          ),
          firstAt: row.first_at.toISOString(),
          lastAt: row.last_at.toISOString(),
        })),
      }
    },
  }
}
