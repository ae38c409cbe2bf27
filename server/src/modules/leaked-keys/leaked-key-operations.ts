import { reportLeakedKey } from './operations/report-leaked-key.ts'

export const leakedKeyOperations = [reportLeakedKey]
