import { z } from 'zod'
import { CAPABILITIES, CONTAINMENT_SCOPES } from '../../kernel/containment.ts'
import { Instant } from '../../platform/http/listing.ts'

export const AccessView = z.object({
  kind: z.enum(['key', 'person', 'operator']),
  role: z
    .string()
    .nullable()
    .describe('Of a person in the workspace; null for keys, and outside of any workspace.'),
  scopes: z.array(z.string()).describe('What the caller may do here.'),
  workspace: z.object({ id: z.string(), name: z.string() }).nullable(),
  client: z
    .object({ address: z.string() })
    .describe('The address that the caller comes from, as allowlists see it.'),
  installation: z.object({
    version: z.string(),
    mode: z.enum(['development', 'production']),
    outbound: z
      .enum(['capture', 'direct', 'relay'])
      .describe('How mail leaves; capture: it lands in the local inbox and does not leave.'),
    publicUrl: z.string(),
    hostname: z.string(),
    smtp: z.object({ host: z.string(), port: z.int(), tlsPort: z.int() }),
  }),
  containments: z
    .array(
      z.object({
        id: z.string(),
        scope: z.enum(CONTAINMENT_SCOPES),
        capabilities: z.array(z.enum(CAPABILITIES)),
        credential: z.string().nullable(),
        reason: z.string(),
        since: Instant,
        until: Instant,
      }),
    )
    .describe('What is cut off now, of the workspace or of all.'),
})
