import { getAccess } from './operations/get-access.ts'

export const callerOperations = [getAccess]
