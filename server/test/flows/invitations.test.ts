import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { decodeId } from '../../src/kernel/ids.ts'
import { lettersTo } from '../support/people.ts'
import { tokenOf } from './accounts-fixture.ts'
import { startApi } from './api-fixture.ts'
import type { ApiFixture } from './api-fixture.ts'
import { aPerson } from './people-fixture.ts'
import type { TestPerson } from './people-fixture.ts'

let api: ApiFixture
beforeAll(async () => {
  api = await startApi()
})
afterAll(() => api[Symbol.asyncDispose]())

const sql = (text: string, values: readonly unknown[] = []) =>
  api.database.pool('superuser').query(text, [...values])

async function aTeam(): Promise<{ id: string; key: string; owner: TestPerson; admin: TestPerson }> {
  const workspace = await api.workspace()
  return {
    ...workspace,
    owner: await aPerson(api, { workspace: workspace.id, role: 'owner' }),
    admin: await aPerson(api, { workspace: workspace.id, role: 'admin' }),
  }
}

const invite = (who: TestPerson, email: string, role: string) =>
  who.call('POST', '/v1/invitations', { email, role })

async function tokenFor(email: string): Promise<string> {
  const letters = (await lettersTo(api, email)).filter(({ kind }) => kind === 'invitation')
  const token = tokenOf(letters.at(-1)?.text ?? '')
  expect(token, `an invitation to ${email}`).not.toBeNull()
  return token ?? ''
}

describe('an invitation', () => {
  it('makes who has the address and the letter a member, once', async () => {
    const team = await aTeam()
    const ann = await aPerson(api)
    const made = await team.owner.call('POST', '/v1/invitations', { email: ann.email, role: 'marketer' })
    expect([made.status, made.body.state, made.body.sentAt === null]).toEqual([201, 'open', false])
    const token = await tokenFor(ann.email)
    const bob = await aPerson(api)
    expect((await bob.call('POST', '/v1/invitations/accept', { token })).body.code).toBe('conflict')
    const accepted = await ann.call('POST', '/v1/invitations/accept', { token })
    expect([accepted.status, accepted.body]).toEqual([200, { workspaceId: team.id, workspace: 'Test' }])
    expect((await ann.call('GET', '/v1/domains')).status).toBe(200)
    expect((await ann.call('POST', '/v1/domains', { name: 'x.test' })).status).toBe(403)
    expect((await ann.call('POST', '/v1/invitations/accept', { token })).body.code).toBe('invalid_request')
    const { rows } = await sql(
      `select action, actor from audit_outbox where action like 'invitation.%' and workspace_id = $1 order by at`,
      [decodeId('workspace', team.id)],
    )
    expect(rows).toEqual([
      { action: 'invitation.created', actor: `member:${team.owner.id}` },
      { action: 'invitation.accepted', actor: `member:${ann.id}` },
    ])
  })

  it('answers the same for an address with an account, without one, suspended, and of a decoy', async () => {
    const team = await aTeam()
    const known = await aPerson(api)
    const suspended = await aPerson(api)
    await sql('update account.person set disabled_at = now() where id = $1', [suspended.id])
    const decoy = await aPerson(api)
    await sql('update account.person set honey = true where id = $1', [decoy.id])
    const answers: string[] = []
    for (const email of [known.email, suspended.email, decoy.email, 'nobody-0123@people.test']) {
      const answer = await team.owner.call('POST', '/v1/invitations', { email, role: 'analyst' })
      const { id, createdAt, sentAt, expiresAt, ...rest } = answer.body
      expect([id, createdAt, sentAt, expiresAt].every((value) => typeof value === 'string')).toBe(true)
      answers.push(JSON.stringify([answer.status, { ...rest, email: '' }]))
    }
    expect(new Set(answers).size).toBe(1)
  })

  it('is not made to more than the inviter has, to owners by others, to a second of the same address, or outside of the domains', async () => {
    const team = await aTeam()
    expect((await invite(team.admin, 'a@people.test', 'owner')).status).toBe(403)
    expect((await invite(team.owner, 'A@People.test', 'owner')).status).toBe(201)
    expect((await invite(team.owner, 'a@people.test', 'analyst')).body.code).toBe('conflict')
    await sql(`insert into workspace_policy (workspace_id, sign_in_domains) values ($1, '{corp.test}')`, [
      decodeId('workspace', team.id),
    ])
    expect((await invite(team.owner, 'b@people.test', 'analyst')).body.errors[0].field).toBe('email')
    expect((await invite(team.owner, 'b@corp.test', 'analyst')).status).toBe(201)
    expect((await invite(team.owner, 'not an address', 'analyst')).status).toBe(400)
    expect((await team.owner.call('POST', '/v1/invitations', { email: 'c@corp.test' })).status).toBe(400)
  })

  it('fills nobody’s mailbox: three letters of a workspace, ten of all, however often it is revoked and made again', async () => {
    const email = 'victim@flooded.test'
    const sent: boolean[] = []
    for (let n = 0; n < 4; n++) {
      const { owner } = await aTeam()
      for (let again = 0; again < 4; again++) {
        const made = await invite(owner, email, 'auditor')
        expect(made.status).toBe(201)
        sent.push(made.body.sentAt !== null)
        expect((await owner.call('DELETE', `/v1/invitations/${made.body.id}`)).status).toBe(204)
      }
    }
    const three = [true, true, true, false]
    expect(sent).toEqual([...three, ...three, ...three, true, false, false, false])
    const letters = (await lettersTo(api, email)).filter(({ kind }) => kind === 'invitation')
    expect(letters).toHaveLength(10)
  })

  it('that was revoked, sent again, or made by somebody who was removed or got another role opens nothing', async () => {
    const team = await aTeam()
    const people = await Promise.all([0, 1, 2, 3].map(() => aPerson(api)))
    const [a, b, c, d] = people as [TestPerson, TestPerson, TestPerson, TestPerson]
    const ids: string[] = []
    for (const person of [a, b])
      ids.push(
        (await team.owner.call('POST', '/v1/invitations', { email: person.email, role: 'analyst' })).body.id,
      )
    for (const person of [c, d])
      ids.push(
        (await team.admin.call('POST', '/v1/invitations', { email: person.email, role: 'analyst' })).body.id,
      )
    const tokens = await Promise.all(people.map(({ email }) => tokenFor(email)))
    expect((await team.owner.call('DELETE', `/v1/invitations/${ids[0]}`)).status).toBe(204)
    expect((await team.owner.call('POST', `/v1/invitations/${ids[1]}/resend`)).body.code).toBe(
      'too_many_requests',
    )
    await sql(`update invitation set sent_at = sent_at - interval '2 minutes' where id = $1`, [
      decodeId('invitation', ids[1] ?? ''),
    ])
    expect((await team.owner.call('POST', `/v1/invitations/${ids[1]}/resend`)).status).toBe(200)
    expect(
      (await team.owner.call('DELETE', `/v1/members/${team.admin.member}?credentials=keep`)).status,
    ).toBe(200)
    for (const [at, person] of people.entries())
      expect(
        (await person.call('POST', '/v1/invitations/accept', { token: tokens[at] })).body.code,
        String(at),
      ).toBe('invalid_request')
    expect((await b.call('POST', '/v1/invitations/accept', { token: await tokenFor(b.email) })).status).toBe(
      200,
    )
    const states = (await team.owner.call('GET', '/v1/invitations')).body.data.map(
      (row: { state: string }) => row.state,
    )
    expect(states.sort()).toEqual(['accepted', 'revoked', 'revoked', 'revoked'])
  })

  it('that somebody makes mightier in the database opens nothing', async () => {
    const team = await aTeam()
    const mallory = await aPerson(api)
    const { body } = await team.owner.call('POST', '/v1/invitations', {
      email: mallory.email,
      role: 'analyst',
    })
    const token = await tokenFor(mallory.email)
    const id = decodeId('invitation', body.id)
    const { rows } = await sql('select * from invitation where id = $1', [id])
    const other = await aPerson(api)
    for (const [change, restore] of [
      [`role = 'admin'`, `role = 'analyst'`],
      [`expires_at = expires_at + interval '1 year'`, `expires_at = expires_at - interval '1 year'`],
      [`account_index = (select email_index from account.person where id = '${other.id}')`, null],
    ]) {
      await sql(`update invitation set ${change} where id = $1`, [id])
      expect((await mallory.call('POST', '/v1/invitations/accept', { token })).body.code, change ?? '').toBe(
        'invalid_request',
      )
      if (restore !== null) await sql(`update invitation set ${restore} where id = $1`, [id])
    }
    expect((await other.call('POST', '/v1/invitations/accept', { token })).body.code).toBe('invalid_request')
    await sql('update invitation set account_index = $2 where id = $1', [id, rows[0]?.account_index])
    expect((await mallory.call('POST', '/v1/invitations/accept', { token })).status).toBe(200)
  })

  it('of the first owner is made by a whole key, and never again once there were people', async () => {
    const { key } = await api.workspace()
    const narrow = (await api.call(key, 'POST', '/v1/api-keys', { name: 'x', scopes: ['api-keys:write'] }))
      .body.key
    const ann = await aPerson(api)
    const ask = (as: string) => api.call(as, 'POST', '/v1/invitations/first-owner', { email: ann.email })
    expect((await ask(narrow)).body.code).toBe('missing_scope')
    expect((await ask(key)).status).toBe(201)
    expect((await ask(key)).body.code).toBe('conflict')
    expect(
      (await ann.call('POST', '/v1/invitations/accept', { token: await tokenFor(ann.email) })).status,
    ).toBe(200)
    expect((await ann.call('GET', '/v1/members')).body.data).toHaveLength(1)
    expect((await ask(key)).body.code).toBe('conflict')
  })
})
