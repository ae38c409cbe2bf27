import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { encodeId } from '../../src/kernel/ids.ts'
import { accountOperations } from '../../src/modules/accounts/index.ts'
import { inputPlaces } from '../../src/platform/http/openapi.ts'
import { ALL_SCOPES, OPERATOR_SCOPES } from '../../src/security/access/scopes.ts'
import { aPerson } from '../support/people.ts'
import { aClient, age, anAddress, aPassword, aSession, linkIn } from './accounts-fixture.ts'
import { startApi } from './api-fixture.ts'
import type { ApiFixture } from './api-fixture.ts'

type AnyOperation = (typeof accountOperations)[number]

interface Example {
  /** Bearer token; null for whoever needs none. */
  readonly key: string | null
  readonly params?: Readonly<Record<string, string>>
  readonly rest?: Readonly<Record<string, unknown>>
}

let api: ApiFixture

beforeAll(async () => {
  api = await startApi({ trustedProxies: ['127.0.0.1'] })
})
afterAll(() => api[Symbol.asyncDispose]())

async function signedIn(): Promise<{ id: string; email: string; password: string; key: string }> {
  const person = await aPerson(api, { totp: true })
  return {
    id: person.id,
    email: person.email,
    password: person.password,
    key: await aSession(api, person.id),
  }
}

async function link(path: string, email: string, kind: string): Promise<string> {
  await aClient(api).call('POST', path, { email })
  return linkIn(api, email, kind)
}

/** A recovery that has begun, of a member, with the session of an owner who may approve it. */
async function begun(role = 'developer', withOwner = true) {
  const workspace = await api.workspace('Shop')
  const member = await aPerson(api, { totp: true, memberOf: [{ workspace: workspace.id, role }] })
  const owner = withOwner
    ? await aPerson(api, { totp: true, memberOf: [{ workspace: workspace.id, role: 'owner' }] })
    : null
  const token = await link('/v1/recovery', member.email, 'recovery_asked')
  const { body } = await aClient(api).call('POST', '/v1/recovery/confirm', { token })
  return { member, id: String(body.id), owner: owner === null ? '' : await aSession(api, owner.id) }
}

const onAPerson = async (): Promise<Example> => ({
  key: api.operatorKey,
  params: { personId: encodeId('person', (await aPerson(api)).id) },
})

/** A valid request for every operation of the slice. */
const EXAMPLES: Readonly<Record<string, () => Example | Promise<Example>>> = {
  'account.signUp': () => ({ key: null, rest: { email: anAddress() } }),
  'account.completeSignUp': async () => {
    const token = await link('/v1/sign-up', anAddress(), 'verify_address')
    return { key: null, rest: { token, password: aPassword(), name: 'Ann', transport: 'token' } }
  },
  'firstRun.get': () => ({ key: null }),
  'firstRun.complete': async () => {
    const { id } = await api.workspace('Development')
    const link = await api.accounts.firstRun.offer(id, null)
    const rest = { token: link?.token, email: anAddress(), workspaceName: 'Shop', transport: 'token' }
    return { key: null, rest: { ...rest, password: aPassword() } }
  },
  'account.requestReset': () => ({ key: null, rest: { email: anAddress() } }),
  'account.completeReset': async () => {
    const token = await link('/v1/password-reset', (await aPerson(api)).email, 'reset')
    return { key: null, rest: { token, password: aPassword() } }
  },
  'account.confirmEmail': async () => {
    const [person, email] = [await signedIn(), anAddress()]
    await api.call(person.key, 'POST', '/v1/account/email', { email })
    return { key: null, rest: { token: await linkIn(api, email, 'email_change_confirm') } }
  },
  'account.undoEmail': async () => {
    const person = await signedIn()
    await api.call(person.key, 'POST', '/v1/account/email', { email: anAddress() })
    return { key: null, rest: { token: await linkIn(api, person.email, 'email_change_notice') } }
  },
  'account.requestRecovery': () => ({ key: null, rest: { email: anAddress() } }),
  'account.confirmRecovery': async () => ({
    key: null,
    rest: { token: await link('/v1/recovery', (await aPerson(api, { totp: true })).email, 'recovery_asked') },
  }),
  'account.cancelRecovery': async () => {
    const { member } = await begun()
    return { key: null, rest: { token: await linkIn(api, member.email, 'recovery_started') } }
  },
  'account.completeRecovery': async () => {
    const { member, id, owner } = await begun()
    await api.call(owner, 'POST', `/v1/recoveries/${id}/approve`)
    await age(api, id, 73)
    const token = await linkIn(api, member.email, 'recovery_ready')
    return { key: null, rest: { token, password: member.password, transport: 'token' } }
  },
  'account.get': async () => ({ key: (await signedIn()).key }),
  'account.update': async () => ({ key: (await signedIn()).key, rest: { name: 'Bo' } }),
  'account.delete': async () => ({ key: (await signedIn()).key }),
  'account.setPassword': async () => ({ key: (await signedIn()).key, rest: { password: aPassword() } }),
  'account.changeEmail': async () => ({ key: (await signedIn()).key, rest: { email: anAddress() } }),
  'account.undoOwnEmail': async () => ({ key: (await signedIn()).key }),
  'account.cancelOwnRecovery': async () => ({ key: (await signedIn()).key }),
  'recoveries.list': async () => ({ key: (await begun()).owner }),
  'recoveries.approve': async () => {
    const { id, owner } = await begun()
    return { key: owner, params: { recoveryId: id } }
  },
  'recoveries.refuse': async () => {
    const { id, owner } = await begun()
    return { key: owner, params: { recoveryId: id } }
  },
  'people.list': () => ({ key: api.operatorKey, rest: { limit: '2' } }),
  'people.find': async () => ({ key: api.operatorKey, rest: { email: (await aPerson(api)).email } }),
  'people.disable': onAPerson,
  'people.enable': onAPerson,
  'people.signOut': onAPerson,
  'people.recoveries': () => ({ key: api.operatorKey }),
  'people.approveRecovery': async () => ({
    key: api.operatorKey,
    params: { recoveryId: (await begun('owner', false)).id },
  }),
}

async function send(operation: AnyOperation, { key, params = {}, rest = {} }: Example) {
  const path = operation.path.replaceAll(/\{(\w+)\}/g, (_all, name: string) => params[name] ?? 'x')
  const inBody = inputPlaces(operation).rest === 'body'
  const query = inBody
    ? ''
    : `?${new URLSearchParams(Object.entries(rest).map(([name, value]): [string, string] => [name, String(value)])).toString()}`
  return aClient(api).call(
    operation.method,
    `${path}${query}`,
    inBody ? rest : undefined,
    key === null ? {} : { authorization: `Bearer ${key}` },
  )
}

const example = (operation: AnyOperation) => EXAMPLES[operation.id]?.() ?? { key: null }
const count = async (action: string): Promise<number> =>
  (
    await api.database
      .pool('superuser')
      .query<{ n: number }>('select count(*)::int as n from audit_outbox where action = $1', [action])
  ).rows[0]?.n ?? 0

/** What is asked for anonymously is recorded where it is done, not where it is asked for: a record would say who exists. */
const NOT_RECORDED: ReadonlySet<string> = new Set([
  'account.signUp',
  'account.requestReset',
  'account.requestRecovery',
  // Recorded once it is worked off.
  'account.changeEmail',
  // Nothing was under way in the example.
  'account.undoOwnEmail',
  'account.cancelOwnRecovery',
])

describe('every operation of accounts', () => {
  it('has an example, which answers what its contract says, and an act leaves its one record', async () => {
    expect(Object.keys(EXAMPLES).sort((a, b) => a.localeCompare(b))).toEqual(
      accountOperations.map(({ id }) => id).sort((a, b) => a.localeCompare(b)),
    )
    for (const operation of accountOperations) {
      const given = await example(operation)
      const before = await count(String(operation.audit))
      const answer = await send(operation, given)
      expect([answer.status, answer.text], operation.id).toEqual([
        operation.kind === 'json' ? operation.status : 204,
        answer.text,
      ])
      if (operation.kind === 'json')
        expect(operation.output.safeParse(answer.body).success, operation.id).toBe(true)
      if (operation.risk !== 'read' && !NOT_RECORDED.has(operation.id))
        expect(await count(String(operation.audit)), operation.id).toBe(before + 1)
    }
  }, 120_000)

  it('that is not public answers 401 without a session, and 403 to keys, whatever scopes they have', async () => {
    const workspace = await api.workspace()
    const { body } = await api.call(workspace.key, 'POST', '/v1/api-keys', {
      name: 'all',
      scopes: ALL_SCOPES,
    })
    const operators: readonly string[] = OPERATOR_SCOPES
    for (const operation of accountOperations.filter(({ scope }) => scope !== 'public')) {
      expect((await send(operation, { key: null })).status, operation.id).toBe(401)
      expect((await send(operation, { key: body.key })).body, operation.id).toMatchObject({
        code: 'missing_scope',
      })
      if (!operators.includes(operation.scope))
        expect((await send(operation, { key: api.operatorKey })).body, operation.id).toMatchObject({
          code: 'missing_scope',
        })
    }
  })

  it('refuses a field that it does not know', async () => {
    const person = await signedIn()
    const { owner } = await begun()
    const keyOf = (operation: AnyOperation): string | null => {
      if (operation.scope === 'public') return null
      if (operation.scope.startsWith('people:')) return api.operatorKey
      return operation.scope.startsWith('members:') ? owner : person.key
    }
    for (const operation of accountOperations) {
      const answer = await send(operation, { key: keyOf(operation), rest: { notAField: '1' } })
      expect(answer.status, operation.id).toBe(400)
      expect(answer.body.errors, operation.id).toContainEqual(expect.objectContaining({ field: 'notAField' }))
    }
  })

  it('says of a recovery in another workspace what it says of one that does not exist', async () => {
    const [ours, theirs] = [await begun(), await begun()]
    const answers = async (recoveryId: string) =>
      Promise.all(
        ['approve', 'refuse'].map(async (verb) => {
          const { status, text } = await api.call(ours.owner, 'POST', `/v1/recoveries/${recoveryId}/${verb}`)
          return [status, text.replaceAll(recoveryId, '<id>').replaceAll(/"requestId":"[^"]*"/g, '')]
        }),
      )
    expect(await answers(theirs.id)).toEqual(
      await answers(encodeId('recovery', '01900000-0000-7000-8000-000000000000')),
    )
  })
})
