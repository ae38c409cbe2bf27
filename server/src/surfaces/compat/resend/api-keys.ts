import { z } from 'zod'
import {
  createApiKey,
  getApiKey,
  listApiKeys,
  revokeApiKey,
  updateApiKey,
} from '../../../modules/api-keys/index.ts'
import type { ApiKeys } from '../../../modules/api-keys/index.ts'
import { getDomain } from '../../../modules/domains/index.ts'
import type { Domains } from '../../../modules/domains/index.ts'
import { doorRoutes } from '../door.ts'
import type { DoorAnswer, DoorCall } from '../door.ts'
import { bodyOf } from './body.ts'
import { invalid, notFound, refuse } from './errors.ts'
import { ownId, uuidOf } from './ids.ts'
import { listOf, WHOLE } from './paging.ts'
import { FULL, SENDING } from './permissions.ts'

export interface ApiKeyServices {
  readonly apiKeys: ApiKeys
  readonly domains: Domains
}

type Call = DoorCall<ApiKeyServices>

const Name = z.string().trim().min(1).max(50, 'it has more than 50 characters')
const NewKey = z.object({ name: Name, permission: z.string().nullish(), domain_id: z.string().nullish() })
const Renaming = z.object({ name: Name })

async function create(call: Call): Promise<DoorAnswer> {
  const { name, permission, domain_id: domainId } = bodyOf(call, NewKey)
  const key = await call.run(createApiKey, {
    name,
    door: 'resend',
    ...(await reachOf(call, permission ?? FULL, domainId ?? undefined)),
  })
  return { status: 201, body: { id: uuidOf('apiKey', key.id), token: key.key } }
}

/** A key gets at most what the one that asks has. */
async function reachOf(call: Call, permission: string, domainId: string | undefined) {
  if (permission === FULL) {
    if (domainId !== undefined)
      throw invalid(
        'Invalid `domain_id` field: only keys with the permission `sending_access` are of one domain.',
      )
    return {}
  }
  if (permission !== SENDING) throw refuse(422, 'invalid_access', `Access must be "${FULL}" or "${SENDING}".`)
  const scopes: ['messages:send'] = ['messages:send']
  if (domainId === undefined) return { scopes, doorScopes: [SENDING] }
  const { name } = await call.run(getDomain, { domainId: ownId('domain', domainId, 'domain_id') })
  return { scopes, doorScopes: [SENDING], allowedSenders: [`@${name}`] }
}

function list(call: Call): Promise<DoorAnswer> {
  return listOf(
    call,
    {
      kind: 'apiKey',
      ask: (page) => call.run(listApiKeys, { door: 'resend', live: 'true', ...page }),
      standard: WHOLE,
    },
    ({ id, name, createdAt, lastUsedAt }) => ({
      id: uuidOf('apiKey', id),
      name,
      created_at: createdAt,
      last_used_at: lastUsedAt,
    }),
  )
}

async function rename(call: Call): Promise<DoorAnswer> {
  const { name } = bodyOf(call, Renaming)
  const apiKeyId = await idOf(call)
  await call.run(updateApiKey, { apiKeyId, name })
  return { status: 200, body: { object: 'api_key', id: uuidOf('apiKey', apiKeyId) } }
}

async function remove(call: Call): Promise<DoorAnswer> {
  const apiKeyId = await idOf(call)
  await call.run(revokeApiKey, { apiKeyId })
  return { status: 200, body: { object: 'api_key', id: uuidOf('apiKey', apiKeyId), deleted: true } }
}

/** The id of a key of this door that is not revoked; others are not there. */
async function idOf(call: Call): Promise<string> {
  const apiKeyId = ownId('apiKey', call.params['api_key_id'])
  const { door, revokedAt } = await call.run(getApiKey, { apiKeyId })
  if (door !== 'resend' || revokedAt !== null) throw notFound('API key')
  return apiKeyId
}

const KEY = '/api-keys/{api_key_id}'

export const apiKeyRoutes = doorRoutes<ApiKeyServices>([
  { method: 'POST', path: '/api-keys', doorScope: FULL, handle: create },
  { method: 'GET', path: '/api-keys', doorScope: FULL, handle: list },
  { method: 'PATCH', path: KEY, doorScope: FULL, handle: rename },
  { method: 'DELETE', path: KEY, doorScope: FULL, handle: remove },
])
