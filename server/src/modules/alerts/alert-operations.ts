import { acknowledgeInstallationAlert, acknowledgeWorkspaceAlert } from './operations/acknowledge-alert.ts'
import { getAlert, listAlerts, listInstallationAlerts } from './operations/read-alerts.ts'

export const alertOperations = [
  listAlerts,
  getAlert,
  acknowledgeWorkspaceAlert,
  listInstallationAlerts,
  acknowledgeInstallationAlert,
]
