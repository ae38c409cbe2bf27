import { z } from 'zod'

export const Rotation = z.object({
  id: z.uuid(),
  scope: z.enum(['root', 'workspace', 'all']),
  workspaceId: z.string().nullable().describe('Of scope workspace.'),
  state: z.enum(['running', 'done', 'failed']),
  startedAt: z.iso.datetime(),
  finishedAt: z.iso.datetime().nullable(),
  total: z.int().nullable().describe('Keys to make or wrap anew; null until they are counted.'),
  done: z.int().describe('Keys made or wrapped anew.'),
  keysPerSecond: z.number().nullable(),
  secondsLeft: z.int().nullable().describe('At the present rate.'),
  error: z.string().nullable().describe('Why it failed.'),
})

export const Shred = z.object({
  workspaceId: z.string(),
  state: z.enum(['pending', 'cancelled', 'shredding', 'shredded']),
  requestedBy: z.string(),
  requestedAt: z.iso.datetime(),
  executeAt: z.iso.datetime().describe('Until then it can be cancelled.'),
  cancelledBy: z.string().nullable(),
  startedAt: z.iso.datetime().nullable().describe('From then on nothing of the workspace opens.'),
  finishedAt: z.iso.datetime().nullable(),
  ended: z
    .object({
      at: z.iso.datetime().describe('When its credentials ended.'),
      mail: z.int().describe('Recipients that waited and are expired by it.'),
      webhooks: z.int().describe('Webhook deliveries that waited and are failed by it.'),
      auditRecords: z.int().describe('Records of the audit log that were erased; their commitments stay.'),
    })
    .nullable()
    .describe('What ended with it; null until the worker has noted it.'),
})

const Budget = z.object({
  process: z.string(),
  workspacesPerHour: z.int(),
  keysPerMinute: z.int(),
  workspacesInHour: z.int(),
  keysInMinute: z.int(),
})

export const KeyringState = z.object({
  database: z.enum(['up', 'down']),
  root: z.string().describe('Fingerprint of the root that wraps new keys.'),
  previousRoots: z.array(z.string()).describe('Roots that still open what they wrapped.'),
  roots: z.array(
    z.object({
      root: z.string(),
      configured: z.boolean(),
      installationKeys: z.int(),
      workspaceKeys: z.int(),
    }),
  ),
  unwraps: z.int().describe('Unwraps that the keyring process answering has recorded since its start.'),
  budgets: z.array(Budget),
  rotation: Rotation.nullable().describe('The one that runs, or else the last one.'),
})
