import { join } from 'node:path'

/** The list that comes with Bulkhead: `tools/breached-list.ts` makes it. Its licence is beside it. */
export const SHIPPED_FILE = join(import.meta.dirname, 'shipped.filter')
