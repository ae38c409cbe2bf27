import { getConnection, putConnection, removeConnection, testConnection } from './operations/connection.ts'
import { finishSso, startSso } from './operations/log-in.ts'

export const ssoOperations = [
  getConnection,
  putConnection,
  removeConnection,
  testConnection,
  startSso,
  finishSso,
]
