import { z } from 'zod'
import { Instant } from '../../platform/http/listing.ts'

export const Workspace = z.object({ id: z.string(), name: z.string(), createdAt: Instant })
