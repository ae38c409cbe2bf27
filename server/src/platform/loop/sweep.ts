import type { Queryable } from '../postgres/index.ts'
import type { Logger } from '../telemetry/index.ts'
import { runLoop } from './loop.ts'

/** What upkeep of a table needs. */
export interface UpkeepDependencies {
  readonly pool: Queryable
  readonly log: Logger
  readonly signal: AbortSignal
}

/** A loop over what is due, in bounded rounds: while a round says that there may be more, the next one follows at once. */
export function runSweep(
  { log, signal }: Omit<UpkeepDependencies, 'pool'>,
  sweep: {
    /** For the log: what is done. */
    readonly name: string
    /** The pause after a round that left nothing, in milliseconds. */
    readonly everyMs: number
    /** One round; true where there may be more. */
    readonly round: () => Promise<boolean>
  },
): Promise<void> {
  const { name, everyMs, round } = sweep
  return runLoop({ name, everyMs, log, signal, round: async () => ((await round()) ? 0 : undefined) })
}
