import type { Logger } from '../../platform/telemetry/index.ts'
import { readReportMail } from './received-report.ts'
import type { ReceivedStore } from './received-store.ts'

export interface ReportReceiver {
  /**
   * Takes a mail with a TLS report about domains of ours. What is wrong with it is answered, nothing is thrown for it; throws only where
   * the database is away.
   */
  receive(raw: Buffer): Promise<ReceivedEnd>
}

export type ReceivedEnd =
  | {
      readonly kind: 'taken'
      readonly domains: Readonly<Record<string, 'stored' | 'known' | 'foreign' | 'full'>>
    }
  | { readonly kind: 'refused'; readonly reason: string }

/** Reports of others: see the slice's door for what holds. */
export function createReportReceiver(deps: {
  readonly store: ReceivedStore
  readonly newId: () => string
  readonly log: Logger
  readonly nowMs: () => number
}): ReportReceiver {
  return {
    async receive(raw) {
      const read = await readReportMail(raw, deps.nowMs())
      if (!read.ok) {
        deps.log.info({ reason: read.problem }, 'A TLS report was refused')
        return { kind: 'refused', reason: read.problem }
      }
      const { report } = read
      const domains: Record<string, 'stored' | 'known' | 'foreign' | 'full'> = {}
      for (const [domain, policies] of report.domains)
        domains[domain] = await deps.store.save(deps.newId(), domain, report, policies)
      return { kind: 'taken', domains }
    },
  }
}
