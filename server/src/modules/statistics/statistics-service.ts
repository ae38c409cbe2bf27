import { INSTALLATION_WORKSPACE } from '../../kernel/installation.ts'
import type { Lane } from '../../kernel/lane.ts'
import type { OperationContext } from '../../platform/http/operation.ts'
import type { TenantDatabase, TenantTransactions } from '../../platform/postgres/tenant.ts'
import { presentStatistics } from './present.ts'
import { rangeOf, type Step } from './statistic.ts'
import {
  selectInstallationStatistics,
  selectInstallationThrough,
  selectStatistics,
  selectThrough,
} from './statistics-store.ts'
import type { SplitBy } from './statistics-store.ts'
import type { Split, StatisticsView } from './statistics-views.ts'

type Caller = Pick<OperationContext<unknown>, 'workspaceId' | 'read'>

interface Question {
  readonly since?: string | undefined
  readonly until?: string | undefined
  readonly step: Step | 'auto'
  readonly by: Split
  readonly lane?: Lane | undefined
  readonly provider?: string | undefined
}

export interface StatisticsService {
  /** Of the caller's workspace. Throws `invalid_request` for a range that makes no sense or too many points. */
  get(caller: Caller, question: Question): Promise<StatisticsView>
  /** Of all workspaces together, for the operator. */
  ofInstallation(question: Question): Promise<StatisticsView>
}

const SPLIT: Readonly<Record<Split, SplitBy>> = {
  none: { lane: false, provider: false, source: false },
  lane: { lane: true, provider: false, source: false },
  provider: { lane: false, provider: true, source: false },
  source: { lane: false, provider: false, source: true },
  route: { lane: true, provider: true, source: false },
}

/** Reads what was counted; counting is the loop's. */
export function createStatistics(deps: {
  readonly transactions: TenantTransactions
  readonly now: () => number
}): StatisticsService {
  const answer = async (
    caller: Caller,
    question: Question,
    read: {
      rows: (db: TenantDatabase, ...about: Asked) => ReturnType<typeof selectInstallationStatistics>
      through: (db: TenantDatabase) => ReturnType<typeof selectThrough>
    },
  ): Promise<StatisticsView> => {
    const range = rangeOf(question, deps.now())
    const filter = { lane: question.lane, provider: question.provider }
    return caller.read(async (db) => {
      // Asked first: what is counted between the two is in it, and not promised.
      const through = await read.through(db)
      return presentStatistics(range, await read.rows(db, range, SPLIT[question.by], filter), through)
    })
  }
  return {
    get: (caller, question) =>
      answer(caller, question, {
        rows: (db, ...about) => selectStatistics(db, caller.workspaceId, ...about),
        through: (db) => selectThrough(db, caller.workspaceId),
      }),
    ofInstallation: (question) =>
      answer(
        {
          workspaceId: '',
          // The sums have no rows of a workspace; row-level security wants one all the same.
          read: (work) => deps.transactions.read(INSTALLATION_WORKSPACE, work),
        },
        question,
        { rows: selectInstallationStatistics, through: selectInstallationThrough },
      ),
  }
}

type Asked =
  Parameters<typeof selectInstallationStatistics> extends [TenantDatabase, ...infer Rest] ? Rest : never
