import { z } from 'zod'
import {
  addDoorNetworks,
  listDoorNetworks,
  listKeyUses,
  removeDoorNetwork,
} from '../../../modules/api-keys/index.ts'
import type { DoorNetworks } from '../../../modules/api-keys/index.ts'
import { doorRoutes } from '../door.ts'
import type { DoorCall } from '../door.ts'
import { bodyOf, inTheirFields, queryOf } from './body.ts'
import { notFound } from './errors.ts'
import { secondsOf } from './paging.ts'

export interface AccessSettingsServices {
  readonly doorNetworks: DoorNetworks
}

type Call = DoorCall<AccessSettingsServices>

const door = 'sendgrid'

const NewRules = z.object({
  ips: z
    .array(z.object({ ip: z.string({ error: 'ip is required' }) }, { error: 'ip is required' }), {
      error: 'ips must be an array',
    })
    .min(1, 'ips must have at least one entry')
    .max(100, 'ips can have at most 100 entries'),
})
const Removal = z.object({
  ids: z
    .array(z.int(), { error: 'ids must be an array of numbers' })
    .min(1, 'ids must have at least one entry')
    .max(1_000),
})
const Activity = z.object({ limit: z.coerce.number().int().min(1).max(500).default(20) })

interface Rule {
  readonly number: number
  readonly cidr: string
  readonly createdAt: string
}

function present({ number, cidr, createdAt }: Rule) {
  const at = secondsOf(createdAt)
  return { id: number, ip: cidr, created_at: at, updated_at: at }
}

async function add(call: Call) {
  const { ips } = bodyOf(call, NewRules)
  const cidrs = ips.map(({ ip }) => widened(ip.trim()))
  const { data } = await inTheirFields({ cidrs: 'ips' }, () => call.run(addDoorNetworks, { door, cidrs }))
  return { status: 201, body: { result: data.map(present) } }
}

/** `192.168.1.*` is how this vendor also writes a network. */
function widened(ip: string): string {
  const parts = ip.split('.')
  const stars = parts.filter((part) => part === '*').length
  const isTail = stars > 0 && parts.length === 4 && parts.slice(-stars).every((part) => part === '*')
  return isTail ? `${parts.map((part) => (part === '*' ? '0' : part)).join('.')}/${32 - 8 * stars}` : ip
}

async function list(call: Call) {
  const { data } = await call.run(listDoorNetworks, { door })
  return { status: 200, body: { result: data.map(present) } }
}

async function show(call: Call) {
  const number = numberOf(call)
  const { data } = await call.run(listDoorNetworks, { door })
  const found = data.filter((row) => row.number === number)
  if (found.length === 0) throw notFound()
  return { status: 200, body: { result: found.map(present) } }
}

async function removeSome(call: Call) {
  const { ids } = bodyOf(call, Removal)
  const { data } = await call.run(listDoorNetworks, { door })
  const numbers = data.map(({ number }) => number).filter((number) => ids.includes(number))
  if (numbers.length < new Set(ids).size) throw notFound()
  for (const number of numbers) await call.run(removeDoorNetwork, { door, number })
  return { status: 204 }
}

async function remove(call: Call) {
  await call.run(removeDoorNetwork, { door, number: numberOf(call) })
  return { status: 204 }
}

async function activity(call: Call) {
  const { limit } = queryOf(call, Activity)
  const { data } = await call.run(listKeyUses, { door, limit })
  const result = data.map(({ allowed, network, firstAt, lastAt }) => ({
    allowed,
    auth_method: 'API Key',
    first_at: secondsOf(firstAt),
    // Networks are kept, never addresses.
    ip: network,
    last_at: secondsOf(lastAt),
    location: '',
  }))
  return { status: 200, body: { result } }
}

function numberOf(call: Call): number {
  const words = call.params['rule_id'] ?? ''
  if (!/^[1-9]\d{0,8}$/.test(words)) throw notFound()
  return Number(words)
}

const RULES = '/v3/access_settings/whitelist'
const RULE = `${RULES}/{rule_id}`

/** From where keys of this door work. */
export const accessSettingsRoutes = doorRoutes<AccessSettingsServices>([
  { method: 'POST', path: RULES, doorScope: 'access_settings.whitelist.create', handle: add },
  { method: 'GET', path: RULES, doorScope: 'access_settings.whitelist.read', handle: list },
  { method: 'DELETE', path: RULES, doorScope: 'access_settings.whitelist.delete', handle: removeSome },
  { method: 'GET', path: RULE, doorScope: 'access_settings.whitelist.read', handle: show },
  { method: 'DELETE', path: RULE, doorScope: 'access_settings.whitelist.delete', handle: remove },
  {
    method: 'GET',
    path: '/v3/access_settings/activity',
    doorScope: 'access_settings.activity.read',
    handle: activity,
  },
])
