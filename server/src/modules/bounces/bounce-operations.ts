import { getBounceSource } from './operations/get-bounce-source.ts'
import { getBounce } from './operations/get-bounce.ts'
import { getQuarantined } from './operations/get-quarantined.ts'
import { listBounces } from './operations/list-bounces.ts'
import { listQuarantine } from './operations/list-quarantine.ts'

export const bounceOperations = [listBounces, getBounce, getBounceSource, listQuarantine, getQuarantined]
