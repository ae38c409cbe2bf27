import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { encodeId } from '../../src/kernel/ids.ts'
import { apiOperations } from '../../src/surfaces/api/registry.ts'
import { staffApiOperations } from '../../src/surfaces/staff-api/registry.ts'
import { startApi } from './api-fixture.ts'
import type { ApiFixture } from './api-fixture.ts'
import {
  API,
  KEY_SCOPES,
  OPEN_ROUTES,
  OPERATOR,
  PEOPLE_SCOPES,
  ROLES,
  STAFF,
  STAFF_MEMBER,
  STAFF_OPERATOR,
} from './authorization-matrix.ts'
import { aPerson } from './people-fixture.ts'
import { startStaff } from './staff-fixture.ts'
import type { StaffFixture } from './staff-fixture.ts'

/** Who asks: with what, in which workspace, and what the table lets him. */
interface Actor {
  readonly name: string
  readonly token: string | null
  readonly workspace?: string
  /** Scopes by the table. */
  readonly may: readonly string[]
  /** What a refusal may be. */
  readonly refusals: readonly number[]
  /** Has a password and no second factor yet, so that he is not known. */
  readonly isEnrolling?: boolean
  /** What is cut off for this actor is `held`. */
  readonly isContained?: boolean
}

/** `allowed`: past every check of who asks, and stopped at the field that no operation knows. */
type Cell = string

const ACCOUNT = ['account:self', 'account:enrol', 'account']

let api: ApiFixture
let staff: StaffFixture
let actors: Actor[]
let staffActors: Actor[]

beforeAll(async () => {
  api = await startApi()
  staff = await startStaff(api)
  const ours = await api.workspace()
  const theirs = await api.workspace()
  const keyFor = async (scopes: readonly string[]): Promise<{ id: string; key: string }> => {
    const made = await api.call(ours.key, 'POST', '/v1/api-keys', { name: 'narrow', scopes })
    if (made.status !== 201) throw new Error(made.text)
    return made.body
  }
  const smtp = await api.call(ours.key, 'POST', '/v1/smtp-credentials', { name: 'one' })
  const owner = await aPerson(api, { workspace: ours.id, role: 'owner', factor: 'passkey' })
  const contain = async (credential: string): Promise<void> => {
    const made = await owner.call('POST', '/v1/containments', {
      credential,
      capabilities: ['read', 'write', 'send', 'sender-change', 'credential'],
      reason: 'the matrix',
    })
    if (made.status !== 201) throw new Error(made.text)
  }
  const containedOwner = await aPerson(api, { workspace: ours.id, role: 'owner' })
  const containedKey = await keyFor(KEY_SCOPES)
  const sso = await aPerson(api, {
    workspace: ours.id,
    role: 'admin',
    factor: 'sso',
    onlyWorkspace: ours.id,
  })
  const person = async (wish: Parameters<typeof aPerson>[1]): Promise<string> =>
    (await aPerson(api, wish)).token
  const refusals = [401, 403, 404]
  actors = [
    { name: 'anonymous', token: null, may: [], refusals: [401] },
    {
      name: 'a key that is none',
      token: `bhk_${'a'.repeat(12)}_${'b'.repeat(43)}_cccccc`,
      may: [],
      refusals: [401],
    },
    ...(await Promise.all(
      Object.entries(ROLES).map(async ([role, may]) => ({
        name: role,
        token: await person({ workspace: ours.id, role: role as 'owner', factor: 'passkey' }),
        may: [...may, ...ACCOUNT],
        refusals,
      })),
    )),
    {
      name: 'a member who signed in through the own provider',
      token: sso.token,
      may: [...(ROLES['admin'] ?? []), 'account:self'],
      refusals,
    },
    {
      name: 'a person without membership',
      token: await person({}),
      workspace: ours.id,
      may: ACCOUNT,
      refusals,
    },
    {
      name: 'a member without a second factor yet',
      token: await person({ workspace: ours.id, role: 'owner', level: 'enrolment' }),
      may: ['account:self', 'account:enrol'],
      refusals,
      isEnrolling: true,
    },
    {
      name: 'the owner of another workspace',
      token: await person({ workspace: theirs.id, role: 'owner', factor: 'passkey' }),
      workspace: ours.id,
      may: ACCOUNT,
      refusals,
    },
    ...(await Promise.all(
      KEY_SCOPES.map(async (scope) => ({
        name: `a key with ${scope}`,
        token: (await keyFor([scope])).key,
        may: [scope],
        refusals: [403],
      })),
    )),
    { name: 'a whole key', token: ours.key, may: KEY_SCOPES, refusals: [403] },
    { name: "the operator's key", token: api.operatorKey, may: OPERATOR, refusals: [403] },
    { name: 'an SMTP credential', token: smtp.body.password, may: [], refusals: [401] },
    { name: 'a staff key', token: (await staff.member()).key, may: [], refusals: [401] },
    {
      name: 'a contained owner',
      token: containedOwner.token,
      may: [...(ROLES['owner'] ?? []), ...ACCOUNT],
      refusals,
      isContained: true,
    },
    { name: 'a contained key', token: containedKey.key, may: KEY_SCOPES, refusals: [403], isContained: true },
  ]
  staffActors = [
    { name: 'anonymous', token: null, may: [], refusals: [401] },
    { name: 'a member of staff', token: (await staff.member()).key, may: STAFF_MEMBER, refusals: [403] },
    { name: "the operator's key", token: api.operatorKey, may: STAFF_OPERATOR, refusals: [403] },
    { name: 'a whole key', token: ours.key, may: [], refusals: [401] },
    { name: 'an owner', token: owner.token, may: [], refusals: [401] },
    { name: 'an SMTP credential', token: smtp.body.password, may: [], refusals: [401] },
  ]
  await contain(encodeId('person', containedOwner.id))
  await contain(containedKey.id)
  await api.database.pool('superuser').query('delete from detection.bucket')
})
afterAll(async () => {
  await staff[Symbol.asyncDispose]()
  await api[Symbol.asyncDispose]()
})

interface Asked {
  readonly method: string
  readonly path: string
}

/** Asks with a field that no operation knows: who may is stopped there, and nothing is done. */
async function ask(
  url: string,
  actor: Actor,
  { method, path }: Asked,
): Promise<{ status: number; code: string }> {
  const hasBody = method !== 'GET' && method !== 'DELETE'
  const invented = path.replaceAll(/\{(\w+)\}/g, () => randomBytes(8).toString('hex'))
  const response = await fetch(
    `${url}${invented}${hasBody && path !== '/v1/messages/mime' ? '' : '?notAField=1'}`,
    {
      method,
      headers: {
        ...(actor.token === null ? {} : { authorization: `Bearer ${actor.token}` }),
        ...(actor.workspace === undefined ? {} : { 'bulkhead-workspace': actor.workspace }),
        ...(hasBody
          ? { 'content-type': path === '/v1/messages/mime' ? 'message/rfc822' : 'application/json' }
          : {}),
      },
      ...(hasBody ? { body: path === '/v1/messages/mime' ? 'Subject: x\r\n\r\nx' : '{"notAField":1}' } : {}),
    },
  )
  const text = await response.text()
  return { status: response.status, code: text.startsWith('{') ? JSON.parse(text).code : '' }
}

function cellOf(actor: Actor, { status, code }: { status: number; code: string }): Cell {
  if (status === 400 && code === 'invalid_request') return 'allowed'
  if (status === 423 && code === 'contained') return 'contained'
  return actor.refusals.includes(status) ? 'refused' : `${status} ${code}`
}

function expected(actor: Actor, [scope, contained]: readonly [string, 'held' | 'free']): Cell {
  if (scope === 'public') return 'allowed'
  // Of a workspace that he names and is not in, somebody known is told nothing.
  const mayAsk =
    scope === 'known'
      ? actor.may.length > 0 && actor.workspace === undefined && actor.isEnrolling !== true
      : actor.may.includes(scope)
  if (!mayAsk) return 'refused'
  // The account is of no workspace: what one has contained does not reach it.
  const isOfWorkspace = !ACCOUNT.includes(scope)
  return actor.isContained === true && isOfWorkspace && contained === 'held' ? 'contained' : 'allowed'
}

type Listed = { readonly id: string; readonly method: string; readonly path: string }

async function deviations(
  url: string,
  who: readonly Actor[],
  operations: readonly Listed[],
  table: Readonly<Record<string, readonly [string, 'held' | 'free']>>,
): Promise<{ cells: number; wrong: string[] }> {
  const wrong: string[] = []
  let cells = 0
  for (const actor of who) {
    const found = await Promise.all(
      operations.map(async (operation) => ({
        operation,
        cell: cellOf(actor, await ask(url, actor, operation)),
      })),
    )
    for (const { operation, cell } of found) {
      const line = table[operation.id]
      const wanted = line === undefined ? 'listed' : expected(actor, line)
      cells += 1
      if (cell !== wanted) wrong.push(`${operation.id} by ${actor.name}: ${cell}, not ${wanted}`)
    }
  }
  return { cells, wrong }
}

describe('the authorization matrix', () => {
  it('has a line for every operation of the API and of staff, and none for others', () => {
    expect(Object.keys(API).sort()).toEqual(apiOperations.map(({ id }) => id).sort())
    expect(Object.keys(STAFF).sort()).toEqual(staffApiOperations.map(({ id }) => id).sort())
  })

  it('names scopes that somebody can have, and no key those of people', () => {
    const known = new Set<string>([
      ...KEY_SCOPES,
      ...PEOPLE_SCOPES,
      ...ACCOUNT,
      ...OPERATOR,
      'public',
      'known',
    ])
    for (const [id, [scope]] of Object.entries(API)) expect(known, id).toContain(scope)
    expect(KEY_SCOPES.filter((scope) => (PEOPLE_SCOPES as readonly string[]).includes(scope))).toEqual([])
  })

  it('holds in every cell: each operation by each actor', async () => {
    const { cells, wrong } = await deviations(api.url, actors, apiOperations, API)
    expect(wrong).toEqual([])
    expect(cells).toBe(actors.length * Object.keys(API).length)
  }, 120_000)

  it('holds in every cell of the staff API', async () => {
    const { cells, wrong } = await deviations(staff.url, staffActors, staffApiOperations, STAFF)
    expect(wrong).toEqual([])
    expect(cells).toBe(staffActors.length * Object.keys(STAFF).length)
  })

  it('knows every other route of the router, and none of them looks at who asks', async () => {
    const ofOperations = new Set(apiOperations.map(({ path }) => path.replaceAll(/\{(\w+)\}/g, ':$1')))
    // Calls of doors are tried one by one in compat-every-call.test.ts.
    const others = [...routesIn(api.routes())].filter(
      (path) => !ofOperations.has(path) && !path.startsWith('/compat/'),
    )
    expect(others.sort()).toEqual(Object.keys(OPEN_ROUTES).sort())
    for (const actor of actors) {
      for (const [path, [method, status]] of Object.entries(OPEN_ROUTES)) {
        const response = await fetch(`${api.url}${path.replaceAll(/:\w+|\*/g, 'x')}`, {
          method,
          redirect: 'manual',
          headers: actor.token === null ? {} : { authorization: `Bearer ${actor.token}` },
        })
        await response.arrayBuffer()
        expect(response.status, `${path} by ${actor.name}`).toBe(status)
      }
    }
  }, 120_000)
})

/** The paths of a tree as find-my-way prints it: four characters of indentation for each level, methods in parentheses. */
function routesIn(tree: string): Set<string> {
  const found = new Set<string>()
  const above: string[] = []
  for (const line of tree.split('\n')) {
    const match = /^([│ ]*)[├└]── (.*?)( \([A-Z, ]+\))?$/.exec(line)
    if (match === null) continue
    const depth = (match[1] ?? '').length / 4
    above.length = depth
    above[depth] = match[2] ?? ''
    if (match[3] !== undefined) found.add(above.join(''))
  }
  return found
}
