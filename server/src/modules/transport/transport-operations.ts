import {
  listInstallationTlsReports,
  listSentTlsReports,
  listTlsReports,
  showTransport,
} from './operations/read-tls.ts'

export const transportOperations = [
  showTransport,
  listTlsReports,
  listInstallationTlsReports,
  listSentTlsReports,
]
