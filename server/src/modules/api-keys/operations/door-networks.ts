import { z } from 'zod'
import { DOORS } from '../../../kernel/doors.ts'
import { defineEmptyOperation, defineOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import { DoorNetwork, doorInput, KeyUse } from '../door-network.ts'
import type { DoorNetworks } from '../door-networks-service.ts'

type Context = OperationContext<{ doorNetworks: DoorNetworks }>

export const listDoorNetworks = defineOperation({
  id: 'doorNetworks.list',
  method: 'GET',
  path: '/v1/doors/{door}/networks',
  summary: 'List the networks from which the keys of a door work',
  description: 'None: from everywhere that each key allows.',
  scope: 'api-keys:read',
  risk: 'read',
  audit: 'door_network.listed',
  faults: ['invalid_request', 'missing_scope'],
  status: 200,
  input: z.strictObject(doorInput),
  output: z.object({ data: z.array(DoorNetwork) }),
  handle: (context: Context, { door }) => context.services.doorNetworks.list(context, door),
})

export const addDoorNetworks = defineOperation({
  id: 'doorNetworks.add',
  method: 'POST',
  path: '/v1/doors/{door}/networks',
  summary: 'Let the keys of a door work from some networks, and from no others',
  description:
    'As soon as there is one, a key of that door works from no network beside those listed, whatever it says itself. Keys of our own API are not touched, so nobody is locked out.',
  scope: 'api-keys:write',
  risk: 'credential',
  audit: 'door_network.added',
  faults: ['invalid_request', 'missing_scope', 'conflict'],
  status: 201,
  input: z.strictObject({
    ...doorInput,
    cidrs: z
      .array(z.string().max(60))
      .min(1)
      .max(100)
      .describe('Networks such as 192.0.2.0/24, or addresses.'),
  }),
  output: z.object({ data: z.array(DoorNetwork) }),
  handle: (context: Context, { door, cidrs }) => context.services.doorNetworks.add(context, door, cidrs),
})

export const removeDoorNetwork = defineEmptyOperation({
  id: 'doorNetworks.remove',
  method: 'DELETE',
  path: '/v1/doors/{door}/networks/{number}',
  summary: 'Take a network away from the keys of a door',
  description: 'With the last one they work from everywhere that each key allows.',
  scope: 'api-keys:write',
  risk: 'credential',
  audit: 'door_network.removed',
  faults: ['invalid_request', 'missing_scope', 'not_found'],
  input: z.strictObject({ ...doorInput, number: z.coerce.number().int().min(1).max(2_147_483_647) }),
  handle: (context: Context, { door, number }) => context.services.doorNetworks.remove(context, door, number),
})

export const listKeyUses = defineOperation({
  id: 'apiKeys.uses',
  method: 'GET',
  path: '/v1/api-keys/uses',
  summary: 'List the networks from which keys were used or refused, the last first',
  description: 'Of each key at most 32 networks are kept, never an address.',
  scope: 'api-keys:read',
  risk: 'read',
  audit: 'api_key.uses_listed',
  faults: ['invalid_request', 'missing_scope'],
  status: 200,
  input: z.strictObject({
    door: z.enum(DOORS).optional().describe('Only keys of this door.'),
    limit: z.coerce.number().int().min(1).max(500).default(50),
  }),
  output: z.object({ data: z.array(KeyUse) }),
  handle: (context: Context, { door, limit }) => context.services.doorNetworks.uses(context, door, limit),
})
