import { staffQueueOperations, type QueueService } from '../../modules/queue/index.ts'
import { staffOperations, type Staff } from '../../modules/staff/index.ts'
import type { Operation } from '../../platform/http/operation.ts'

/** Every operation of the staff process. The native API and this one do not know each other. */
export const staffApiOperations: readonly Operation<{
  readonly staff: Staff
  readonly queue: QueueService
}>[] = [...staffOperations, ...staffQueueOperations]
