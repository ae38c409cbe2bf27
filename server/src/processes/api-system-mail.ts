import { setTimeout as wait } from 'node:timers/promises'
import type { SystemMail } from '../modules/system-mail/index.ts'
import type { Logger } from '../platform/telemetry/index.ts'

const AGAIN_MS = 2_000
const AGAIN_MAX_MS = 60_000

/**
 * Makes what the installation's own mail needs, beside the first requests: the keyring may still be starting, and a process that could
 * not start without it could not serve those who need no mail. Says once what is missing.
 */
export async function prepareSystemMail(deps: {
  readonly systemMail: Pick<SystemMail, 'ensureInstallation' | 'ensureDomain' | 'state'>
  readonly log: Logger
  readonly signal: AbortSignal
}): Promise<void> {
  const { systemMail, log, signal } = deps
  for (let pauseMs = AGAIN_MS; !signal.aborted; pauseMs = Math.min(AGAIN_MAX_MS, pauseMs * 2)) {
    try {
      await systemMail.ensureInstallation()
      await systemMail.ensureDomain()
      const { problems } = await systemMail.state()
      for (const problem of problems) log.warn({ setting: 'BULKHEAD_SYSTEM_FROM' }, problem)
      return
    } catch (error) {
      log.warn({ err: error }, 'System mail is not ready yet; it is tried again')
      await wait(pauseMs, undefined, { signal }).catch(() => undefined)
    }
  }
}
