import { createHmac, randomBytes, randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { encodeId } from '../../kernel/ids.ts'
import { createTestDatabase } from '../../../test/support/database.ts'
import type { TestDatabase } from '../../../test/support/database.ts'
import { addMember } from '../../../test/support/members.ts'
import { createCredentialPepper, createPeopleAccess } from './index.ts'
import type { IssuedSession, PeopleAccess, Pepperer, SessionFactor, SessionLevel } from './index.ts'

let database: TestDatabase
const keyring: Pepperer = {
  pepper: (_name, digests) =>
    Promise.resolve(digests.map((digest) => createHmac('sha256', 'a key').update(digest).digest())),
}
let people: PeopleAccess
const workspace = randomUUID()
const other = randomUUID()

beforeAll(async () => {
  database = await createTestDatabase()
  const pepper = createCredentialPepper({ keyring, name: 'credential' })
  people = createPeopleAccess({ pool: database.pool('bulkhead_api'), pepper })
  await sql(`insert into workspace (id, name) values ($1, 'One'), ($2, 'Two')`, [workspace, other])
})
afterAll(() => database[Symbol.asyncDispose]())

const sql = (text: string, values: readonly unknown[] = []) =>
  database.pool('superuser').query(text, [...values])

async function aPerson(role?: string, in_ = workspace): Promise<string> {
  const id = randomUUID()
  await sql(`insert into account.person (id, email_index, sealed_email) values ($1, $2, 'x')`, [
    id,
    randomBytes(32),
  ])
  if (role !== undefined) await join(id, role, in_)
  return id
}
const join = (personId: string, role: string, in_: string) =>
  addMember({ database, keyring }, { workspaceId: in_, personId, role })
const issue = (
  personId: string,
  level: SessionLevel = 'full',
  factor: SessionFactor = 'totp',
): Promise<IssuedSession> =>
  people.issue({ personId, level, factor, hours: 1, sessionId: randomUUID(), device: null, clientKey: null })
const enter = (session: IssuedSession, in_?: string, address = '192.0.2.1', scope = 'messages:read') =>
  people.authenticate(session.token.reveal(), {
    workspace: in_ === undefined ? undefined : encodeId('workspace', in_),
    address,
    scope,
  })
const code = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'open',
    (error: { code: string }) => error.code,
  )

describe('sessions of people', () => {
  it('open the only workspace, or the one that is named, and no foreign one', async () => {
    const person = await aPerson('developer')
    const session = await issue(person)
    expect(await enter(session)).toMatchObject({
      personId: person,
      workspaceId: workspace,
      role: 'developer',
    })
    expect(await code(enter(session, other))).toBe('not_found')
    await join(person, 'auditor', other)
    people.forget()
    expect(await enter(session)).toMatchObject({
      workspaceId: '',
      scopes: ['account:self', 'account:enrol', 'account'],
    })
    expect((await enter(session, other)).scopes).not.toContain('messages:send')
  })

  it('without a second factor open nothing but the way to one (C-05)', async () => {
    const session = await issue(await aPerson('owner'), 'enrolment', 'none')
    expect(await enter(session)).toMatchObject({ workspaceId: '', scopes: ['account:self', 'account:enrol'] })
  })

  it('end at once when they are revoked, when the person is disabled, or when a floor is bumped over them', async () => {
    const person = await aPerson('owner')
    const [one, two, three] = [await issue(person), await issue(person), await issue(person)]
    expect(await people.revoke(person, { id: one.sessionId })).toBe(1)
    expect(await code(enter(one))).toBe('unauthenticated')
    expect(await people.revoke(person, { except: three.sessionId })).toBe(1)
    expect(await code(enter(two))).toBe('unauthenticated')
    expect(await code(enter(three))).toBe('open')
    await sql(`update account.person set disabled_at = now() where id = $1`, [person])
    people.forget()
    expect(await code(enter(three))).toBe('unauthenticated')
    expect([
      ...(await people.findDead([one, three].map(({ sessionId: id }) => ({ kind: 'session', id })))).values(),
    ]).toEqual(['revoked', 'revoked'])
    const floored = await issue(await aPerson('owner'))
    await sql(
      `insert into epoch (scope, workspace_id, class, floor, actor, reason)
       values ('workspace', $1, 'session', nextval('engine.epoch_counter'), 'test:1', 'a drill')`,
      [workspace],
    )
    people.forget()
    expect(await enter(floored)).toMatchObject({ workspaceId: '' })
    expect(await code(enter(await issue(await aPerson('owner'))))).toBe('open')
  })

  it('obey the policy of the workspace at the next request: factor, network, age, provider (C-06, S-09)', async () => {
    const member = await aPerson('developer', other)
    const [totp, passkey] = [await issue(member), await issue(member, 'full', 'passkey')]
    const policy = async (text: string): Promise<void> => {
      await sql(`delete from workspace_policy where workspace_id = $1`, [other])
      await sql(`insert into workspace_policy (workspace_id, ${text.split('=')[0]}) values ($1, $2)`, [
        other,
        text.split('=')[1],
      ])
      people.forget()
    }
    await policy('second_factor=passkey')
    expect([await code(enter(totp)), await code(enter(passkey))]).toEqual(['second_factor_required', 'open'])
    // A policy locks nobody out of fulfilling it.
    expect(await code(enter(totp, undefined, '192.0.2.1', 'account'))).toBe('open')
    await policy('allowed_cidrs={198.51.100.0/24,2001:db8::/32}')
    expect(await code(enter(totp))).toBe('address_refused')
    expect(await code(enter(totp, undefined, '198.51.100.9'))).toBe('open')
    expect(await code(enter(totp, undefined, '2001:db8::9'))).toBe('open')
    await policy('sso_required=true')
    expect(await code(enter(totp))).toBe('second_factor_required')
    expect(await code(enter(await issue(member, 'full', 'sso')))).toBe('open')
    await policy('session_hours=1')
    expect(await code(enter(totp))).toBe('open')
    await sql(`update account.session set created_at = created_at - interval '61 minutes' where id = $1`, [
      totp.sessionId,
    ])
    people.forget()
    expect(await code(enter(totp))).toBe('unauthenticated')
  })

  it('that a provider of one workspace vouches for open that one, no other one and not the account', async () => {
    const member = await aPerson('developer')
    await join(member, 'owner', other)
    await sql(`delete from workspace_policy`)
    const session = await people.issue({
      personId: member,
      level: 'full',
      factor: 'sso',
      hours: 1,
      sessionId: randomUUID(),
      device: null,
      clientKey: null,
      onlyWorkspace: workspace,
      strong: false,
    })
    expect(await enter(session)).toMatchObject({
      workspaceId: workspace,
      role: 'developer',
      strongAgeMs: null,
    })
    expect((await enter(session)).scopes).not.toContain('account')
    expect((await enter(session, undefined, '192.0.2.1', 'account')).scopes).toEqual(['account:self'])
    expect(await code(enter(session, other))).toBe('not_found')
    for (const home of [null, other]) {
      await sql(`update account.session set workspace_id = $2 where id = $1`, [session.sessionId, home])
      people.forget()
      expect(await code(enter(session, other)), String(home)).toBe('unauthenticated')
    }
  })

  it('that somebody writes or changes in the database open nothing', async () => {
    const [owner, attacker] = [await aPerson('owner'), await aPerson('analyst')]
    for (const change of [
      'person_id = $2',
      `level = 'full'`,
      `factor = 'passkey'`,
      `expires_at = now() + interval '9 days'`,
    ]) {
      const session = await issue(attacker, 'enrolment', 'none')
      expect(await code(enter(session))).toBe('open')
      await sql(`update account.session set ${change} where id = $1 and $2::uuid is not null`, [
        session.sessionId,
        owner,
      ])
      people.forget()
      expect(await code(enter(session)), change).toBe('unauthenticated')
    }
  })
})
