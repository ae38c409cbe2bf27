import type { Queryable } from '../../platform/postgres/index.ts'
import type { Logger } from '../../platform/telemetry/index.ts'
import { reconcileProfiles, releaseNew } from './notices-store.ts'

/** Workspaces compared in one statement: at 1,000 of them a round is five. */
const STEP = 200
const RELEASE_AT_ONCE = 500
const NIL = '00000000-0000-0000-0000-000000000000'

/**
 * One round: every workspace's profile is compared with what the triggers saw and the audit log can explain, and mail that waited for what is
 * new no more goes. Answers how many workspaces were looked at. To be run at least every 30 s: an alarm is due within 60.
 */
export function createProfileReconcile(deps: {
  readonly pool: Queryable
  readonly log: Logger
}): () => Promise<{ readonly workspaces: number; readonly alarms: number; readonly released: number }> {
  return async () => {
    let workspaces = 0
    let alarms = 0
    for (let after: string | null = NIL; after !== null;) {
      const step = await reconcileProfiles(deps.pool, after, STEP)
      workspaces += step.looked
      alarms += step.alarms
      after = step.last
    }
    const released = await releaseNew(deps.pool, RELEASE_AT_ONCE)
    if (alarms > 0) {
      deps.log.error(
        { alarm: 'profile.unexplained', count: alarms },
        'A workspace was changed past the audit log; its owners are told',
      )
    }
    return { workspaces, alarms, released }
  }
}
