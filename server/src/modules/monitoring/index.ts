/**
 * Monitoring: what operators see of the whole installation: the depth of the queue, webhooks that wait, what is contained, suspended and
 * paused, and whether the ledger balances. Tables owned: installation_ledger; asks functions of the engine schema. Invariants: nothing here names a workspace
 * or a person, and what it costs does not grow with the queue (the ledger excepted, which is asked as seldom as it is dear).
 */
export {
  createInstallationLedger,
  getInstallationLedger,
  type InstallationLedger,
} from './installation-ledger.ts'
export { createInstallationMetrics, type InstallationMetrics } from './installation-metrics.ts'
export { createMonitoringStore } from './monitoring-store.ts'
export { runMonitoring } from './monitoring.ts'
