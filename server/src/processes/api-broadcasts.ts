import { createBroadcastRunner, createBroadcasts } from '../modules/broadcasts/index.ts'
import type { BroadcastRunner, Broadcasts, RunnerDependencies } from '../modules/broadcasts/index.ts'
import type { AcceptService, Messages } from '../modules/messages/index.ts'
import type { ReadingBudgets } from '../security/limits/index.ts'

/**
 * Broadcasts, put together once for the process and for the tests of it. They are sent where single messages are accepted: the worker may
 * neither write mail nor seal it, and need not.
 */
export function prepareBroadcasts(
  deps: RunnerDependencies & {
    readonly messages: Pick<Messages, 'check' | 'sendOfBroadcast'>
    readonly accept: Pick<AcceptService, 'names'>
    readonly reading: ReadingBudgets
  },
): { readonly broadcasts: Broadcasts; readonly runner: BroadcastRunner } {
  return {
    broadcasts: createBroadcasts({ ...deps, budget: deps.reading('contacts') }),
    runner: createBroadcastRunner(deps),
  }
}
