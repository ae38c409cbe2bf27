import { z } from 'zod'
import { Fault } from '../../../kernel/faults.ts'
import {
  createInboundRoute,
  deleteInboundRoute,
  listInboundRoutes,
  updateInboundRoute,
} from '../../../modules/inbound-routes/index.ts'
import type { InboundRoutes } from '../../../modules/inbound-routes/index.ts'
import { doorRoutes } from '../door.ts'
import type { DoorCall } from '../door.ts'
import { bodyOf, inTheirFields } from './body.ts'
import { notFound, refuse, vendorError } from './errors.ts'
import { collect } from './paging.ts'

export interface ParseSettingsServices {
  readonly inboundRoutes: InboundRoutes
}

type Call = DoorCall<ParseSettingsServices>
type InboundRoute = NonNullable<(typeof listInboundRoutes)['types']>['output']['data'][number]

const Flag = z.boolean({ error: 'must be a boolean' }).optional()
const NewSetting = z.object({
  hostname: z.string({ error: 'hostname is required' }).trim().min(1, 'hostname is required').max(253),
  url: z.string({ error: 'url is required' }).trim().min(1, 'url is required').max(2_048),
  spam_check: Flag,
  send_raw: Flag,
})
const SettingChange = z.object({
  url: z.string().trim().min(1).max(2_048).optional(),
  spam_check: Flag,
  send_raw: Flag,
})
const FIELDS = { sendRaw: 'send_raw' } as const

/** Mail that comes in is not scored here, whatever was asked for: the answer says so. */
function present({ url, hostname, sendRaw }: InboundRoute) {
  return { url, hostname, spam_check: false, send_raw: sendRaw }
}

async function create(call: Call) {
  const { hostname, url, send_raw: sendRaw = false } = bodyOf(call, NewSetting)
  const made = await inTheirFields(FIELDS, async () => {
    try {
      return await call.run(createInboundRoute, { hostname, url, sendRaw })
    } catch (error) {
      if (error instanceof Fault && error.code === 'conflict')
        throw refuse(400, vendorError(error.detail, 'hostname'))
      throw error
    }
  })
  return { status: 201, body: present(made) }
}

async function list(call: Call) {
  const routes = await collect((page) => call.run(listInboundRoutes, page))
  return { status: 200, body: { result: routes.map(present) } }
}

async function show(call: Call) {
  return { status: 200, body: present(await found(call)) }
}

async function change(call: Call) {
  const { url, send_raw: sendRaw } = bodyOf(call, SettingChange)
  const { id: routeId } = await found(call)
  const changed = await inTheirFields(FIELDS, () =>
    call.run(updateInboundRoute, {
      routeId,
      ...(url === undefined ? {} : { url }),
      ...(sendRaw === undefined ? {} : { sendRaw }),
    }),
  )
  return { status: 200, body: present(changed) }
}

async function remove(call: Call) {
  await call.run(deleteInboundRoute, { routeId: (await found(call)).id })
  return { status: 204 }
}

async function found(call: Call): Promise<InboundRoute> {
  const hostname = call.params['hostname'] ?? ''
  const { data } = await call.run(listInboundRoutes, { hostname: hostname.slice(0, 300), limit: 1 })
  const [route] = data
  if (route === undefined) throw notFound()
  return route
}

const SETTINGS = '/v3/user/webhooks/parse/settings'
const SETTING = `${SETTINGS}/{hostname}`
const scope = 'user.webhooks.parse.settings'

/** Mail that comes to a host name, posted to a URL. */
export const parseSettingsRoutes = doorRoutes<ParseSettingsServices>([
  { method: 'POST', path: SETTINGS, doorScope: `${scope}.create`, handle: create },
  { method: 'GET', path: SETTINGS, doorScope: `${scope}.read`, handle: list },
  { method: 'GET', path: SETTING, doorScope: `${scope}.read`, handle: show },
  { method: 'PATCH', path: SETTING, doorScope: `${scope}.update`, handle: change },
  { method: 'DELETE', path: SETTING, doorScope: `${scope}.delete`, handle: remove },
])
