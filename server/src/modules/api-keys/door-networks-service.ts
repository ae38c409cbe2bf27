import type { z } from 'zod'
import type { DoorName } from '../../kernel/doors.ts'
import { Fault, invalidField } from '../../kernel/faults.ts'
import { encodeId } from '../../kernel/ids.ts'
import type { OperationContext } from '../../platform/http/operation.ts'
import { parseCidr } from '../../platform/networks/index.ts'
import { shownActor } from '../containments/index.ts'
import { DOOR_NETWORKS_MAX } from './door-network.ts'
import type { DoorNetwork, KeyUse } from './door-network.ts'
import {
  deleteDoorNetwork,
  insertDoorNetworks,
  selectDoorNetworks,
  selectKeyUses,
} from './door-networks-store.ts'
import type { DoorNetworkRow } from './door-networks-store.ts'

type View = z.output<typeof DoorNetwork>
type Caller = Pick<OperationContext<unknown>, 'workspaceId' | 'actor' | 'principal' | 'read' | 'act'>

export interface DoorNetworks {
  list(caller: Caller, door: DoorName): Promise<{ data: View[] }>
  /** From then on the keys of the door work from these networks and from no others. Answers those that were asked for. */
  add(caller: Caller, door: DoorName, cidrs: readonly string[]): Promise<{ data: View[] }>
  remove(caller: Caller, door: DoorName, number: number): Promise<void>
  uses(
    caller: Caller,
    door: DoorName | undefined,
    limit: number,
  ): Promise<{ data: z.output<typeof KeyUse>[] }>
}

/** Networks from which the keys of a door work, whatever each key says beside. */
export function createDoorNetworks(): DoorNetworks {
  return {
    async list(caller, door) {
      requireWithin(caller, door)
      const rows = await caller.read((db) => selectDoorNetworks(db, caller.workspaceId, door))
      return { data: rows.map(view) }
    },

    async add(caller, door, texts) {
      requireWithin(caller, door)
      const { workspaceId, actor } = caller
      const cidrs = texts.map((text, at) => {
        const parsed = parseCidr(text)
        if (!parsed.ok) throw invalidField(`cidrs[${at}]`, parsed.problem, parsed.fix)
        return parsed.cidr
      })
      return caller.act(async (db, about) => {
        await insertDoorNetworks(db, workspaceId, door, [...new Set(cidrs)], actor)
        const rows = await selectDoorNetworks(db, workspaceId, door)
        if (rows.length > DOOR_NETWORKS_MAX)
          throw new Fault('conflict', { detail: `A door has at most ${DOOR_NETWORKS_MAX} networks.` })
        about(door, { networks: cidrs })
        return { data: rows.filter(({ cidr }) => cidrs.includes(cidr)).map(view) }
      })
    },

    remove: (caller, door, number) => {
      requireWithin(caller, door)
      return caller.act(async (db, about) => {
        const cidr = await deleteDoorNetwork(db, caller.workspaceId, door, number)
        if (cidr === undefined)
          throw new Fault('not_found', { detail: `The door ${door} has no network ${number}.` })
        about(door, { network: cidr })
      })
    },

    async uses(caller, door, limit) {
      if (door !== undefined) requireWithin(caller, door)
      const own = caller.principal.kind === 'api_key' ? caller.principal.door : undefined
      const rows = await caller.read((db) =>
        selectKeyUses(db, caller.workspaceId, door ?? own ?? null, limit),
      )
      return {
        data: rows.map((row) => ({
          apiKeyId: encodeId('apiKey', row.credential_id),
          allowed: row.allowed,
          network: row.network,
          program: row.agent,
          firstAt: row.first_at.toISOString(),
          lastAt: row.last_at.toISOString(),
        })),
      }
    },
  }
}

/** A key of a door sees to its own door only. */
function requireWithin({ principal }: Caller, door: DoorName): void {
  if (principal.kind !== 'api_key' || principal.door === undefined || principal.door === door) return
  throw new Fault('missing_scope', { detail: `A key of the door ${principal.door} sees to that door only.` })
}

function view(row: DoorNetworkRow): View {
  return {
    number: row.number,
    door: row.door,
    cidr: row.cidr,
    createdAt: row.created_at.toISOString(),
    createdBy: shownActor(row.created_by),
  }
}
