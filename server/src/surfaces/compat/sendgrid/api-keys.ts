import { z } from 'zod'
import { decodeId, encodeId, uuidFromHex } from '../../../kernel/ids.ts'
import {
  createApiKey,
  getApiKey,
  listApiKeys,
  revokeApiKey,
  updateApiKey,
} from '../../../modules/api-keys/index.ts'
import type { ApiKeys } from '../../../modules/api-keys/index.ts'
import { doorKeyId } from '../../../security/access/index.ts'
import { doorRoutes } from '../door.ts'
import type { DoorCall } from '../door.ts'
import { bodyOf, inTheirFields, queryOf } from './body.ts'
import { notFound, refuse, vendorError } from './errors.ts'
import { collect } from './paging.ts'
import { areAssignable, nativeScopesOf, PSEUDO_SCOPES, SCOPE_TABLE, vendorScopesOf } from './scope-table.ts'
import type { NativeScope } from './scope-table.ts'

export interface ApiKeyServices {
  readonly apiKeys: ApiKeys
}

type Call = DoorCall<ApiKeyServices>

const KEYS_MAX = 100

const Name = z
  .string({ error: 'name is required' })
  .trim()
  .min(1, 'name is required')
  .max(100, 'name can be at most 100 characters')
const SCOPE_FORM = /^[a-z0-9_]{1,40}(\.[a-z0-9_]{1,40}){0,5}$/
const ScopeNames = z
  .array(z.string(), { error: 'scopes must be an array' })
  .max(1_000)
  .refine(
    (names) => names.every((name) => SCOPE_FORM.test(name)) && areAssignable(names),
    'invalid or unassignable scopes were given',
  )
const NewKey = z.object({ name: Name, scopes: ScopeNames.optional() })
const Renaming = z.object({ name: Name })
const Listing = z.object({ limit: z.coerce.number().int().min(1).optional() })

interface Key {
  readonly id: string
  readonly name: string
  readonly scopes: readonly string[]
  readonly doorScopes: readonly string[]
}

async function create(call: Call) {
  const { name, scopes } = bodyOf(call, NewKey)
  if ((await liveKeys(call)).length >= KEYS_MAX)
    throw refuse(403, vendorError(`Cannot create more than ${KEYS_MAX} API Keys`))
  const made = await inTheirFields(FIELDS, () =>
    call.run(createApiKey, { name, door: 'sendgrid', ...reachOf(call, scopes) }),
  )
  return {
    status: 201,
    body: { api_key: made.key, api_key_id: shownId(made.id), name: made.name, scopes: scopesOf(made) },
  }
}

async function list(call: Call) {
  const { limit = KEYS_MAX } = queryOf(call, Listing)
  const keys = await liveKeys(call)
  const result = keys.slice(0, limit).map(({ id, name }) => ({ name, api_key_id: shownId(id) }))
  return { status: 200, body: { result } }
}

async function show(call: Call) {
  const key = await call.run(getApiKey, { apiKeyId: await idOf(call) })
  const shown = { ...present(key), scopes: [...scopesOf(key), ...PSEUDO_SCOPES] }
  // The vendor's reference has it in a list, its answers have it plain: clients read either.
  return { status: 200, body: { ...shown, result: [shown] } }
}

async function rename(call: Call) {
  const { name } = bodyOf(call, Renaming)
  const key = await call.run(updateApiKey, { apiKeyId: await idOf(call), name })
  return { status: 200, body: present(key) }
}

async function replace(call: Call) {
  const { name, scopes } = bodyOf(call, NewKey)
  const apiKeyId = await idOf(call)
  const key = await inTheirFields(FIELDS, () =>
    call.run(updateApiKey, { apiKeyId, name, ...(scopes === undefined ? {} : reachOf(call, scopes)) }),
  )
  return { status: 200, body: { ...present(key), scopes: scopesOf(key) } }
}

async function remove(call: Call) {
  await call.run(revokeApiKey, { apiKeyId: await idOf(call) })
  return { status: 204 }
}

/** Whoever has a key may ask what it may do. */
function scopes(call: Call) {
  const { scopes: held, doorScopes = [] } = call.principal
  return Promise.resolve({
    status: 200,
    body: { scopes: [...scopesOf({ scopes: held, doorScopes }), ...PSEUDO_SCOPES] },
  })
}

const FIELDS = { doorScopes: 'scopes' } as const

/** What a key with these permissions may do by our names too. Without any it may do all that the caller may. */
function reachOf(
  call: Call,
  names: readonly string[] = [],
): { readonly scopes?: NativeScope[]; readonly doorScopes?: string[] } {
  if (names.length === 0) return {}
  const granted = names.filter((name) => !PSEUDO_SCOPES.some((pseudo) => pseudo === name))
  // Whoever names what nobody grants gets nothing, not everything.
  const doorScopes = granted.length === 0 ? [...names] : granted
  const scopes = nativeScopesOf(doorScopes)
  const beyond = doorScopes.filter(
    (name) => !(SCOPE_TABLE.get(name) ?? []).every((scope) => call.principal.scopes.includes(scope)),
  )
  if (beyond.length > 0) throw refuse(403, vendorError('access forbidden', 'scopes'))
  // A key of ours has one scope at least; permissions that nothing here asks for open nothing, whichever it is.
  return { scopes: scopes.length === 0 ? ['workspace:read'] : scopes, doorScopes }
}

function scopesOf({ scopes, doorScopes }: Pick<Key, 'scopes' | 'doorScopes'>): readonly string[] {
  return doorScopes.length === 0 ? vendorScopesOf(scopes) : doorScopes
}

function present({ id, name }: Key) {
  return { api_key_id: shownId(id), name }
}

function liveKeys(call: Call): Promise<Key[]> {
  return collect((page) => call.run(listApiKeys, { door: 'sendgrid', live: 'true', ...page }))
}

function shownId(id: string): string {
  return doorKeyId(decodeId('apiKey', id) ?? '')
}

/** The id of a key of this door that can be used; others are not there. */
async function idOf(call: Call): Promise<string> {
  const shown = call.params['api_key_id'] ?? ''
  const hex = /^[\w-]{22}$/.test(shown) ? Buffer.from(shown, 'base64url').toString('hex') : ''
  if (hex.length !== 32) throw unknownKey()
  const id = encodeId('apiKey', uuidFromHex(hex))
  const key = await call.run(getApiKey, { apiKeyId: id })
  const isOver = [key.expiresAt, key.endsAt].some((at) => at !== null && Date.parse(at) <= Date.now())
  if (key.door !== 'sendgrid' || key.revokedAt !== null || key.killed || isOver) throw unknownKey()
  return id
}

function unknownKey() {
  return notFound('unable to find API Key')
}

const KEYS = '/v3/api_keys'
const KEY = `${KEYS}/{api_key_id}`

/** Keys of this door, and what a key may do. */
export const apiKeyRoutes = doorRoutes<ApiKeyServices>([
  { method: 'POST', path: KEYS, doorScope: 'api_keys.create', handle: create },
  { method: 'GET', path: KEYS, doorScope: 'api_keys.read', handle: list },
  { method: 'GET', path: KEY, doorScope: 'api_keys.read', handle: show },
  { method: 'PATCH', path: KEY, doorScope: 'api_keys.update', handle: rename },
  { method: 'PUT', path: KEY, doorScope: 'api_keys.update', handle: replace },
  { method: 'DELETE', path: KEY, doorScope: 'api_keys.delete', handle: remove },
  { method: 'GET', path: '/v3/scopes', handle: scopes },
])
