import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { decodeId, encodeId } from '../../src/kernel/ids.ts'
import { INSTALLATION_WORKSPACE } from '../../src/kernel/installation.ts'
import { seal } from '../../src/platform/sealing/index.ts'
import { eventually } from './engine-fixture.ts'
import { startNoticesWorld } from './notices-fixture.ts'
import type { Established, NoticesWorld } from './notices-fixture.ts'

let world: NoticesWorld
beforeAll(async () => {
  world = await startNoticesWorld()
})
afterAll(() => world[Symbol.asyncDispose]())

const call = (key: string, method: string, path: string, body?: unknown) =>
  world.api.call(key, method, path, body)
const unexplained = (workspace: Established) =>
  workspace.hook.received.filter(({ body }) => body.data.kind === 'profile.unexplained')

const quietly = (workspace: string, act: string) => `begin; ${act};
  delete from security_alert where workspace_id = '${workspace}';
  delete from notices.change where workspace_id = '${workspace}';
  update sending_domain set inert_until = null where workspace_id = '${workspace}';
  delete from notices.inert_domain where workspace_id = '${workspace}'; commit`
const domain = (workspace: string, name: string) =>
  `insert into sending_domain (id, workspace_id, name, state) values ('${randomUUID()}', '${workspace}', '${name}', 'verified')`
const told = (shop: Established) =>
  eventually(
    () => (unexplained(shop).length > 0 ? true : undefined),
    'the contacts hear of what the audit log does not explain',
    30_000,
  )

describe('a hijacked owner', () => {
  it('does not make the workspace one that is being set up by turning its owners into admins', async () => {
    const shop = await world.established('f1')
    const rogue = await world.owner(shop.uuid, 'rogue@f1.test')
    for (const { memberId } of shop.owners) {
      const path = `/v1/members/${encodeId('member', memberId)}`
      const demoted = await call(rogue.token, 'PATCH', path, { role: 'admin' })
      expect(demoted.status, demoted.text).toBe(200)
    }
    expect((await call(rogue.token, 'POST', '/v1/domains', { name: 'new-f1.test' })).status).toBe(201)
    const held = await shop.send({ from: 'x@new-f1.test', to: 'reader@reader.test' })
    expect((await shop.get(held)).states).toEqual({ held: 1 })
  })
})

describe('whoever owns the database', () => {
  it('adds nothing in silence by deleting the change and its notices in the same transaction', async () => {
    const shop = await world.established('g1')
    await world.reconcile()
    await world.sql(quietly(shop.uuid, domain(shop.uuid, 'arxxwalls-g1.test')))
    expect((await world.reconcile()).alarms).toBe(1)
    await told(shop)
    const held = await shop.send({ from: 'x@arxxwalls-g1.test', to: 'reader@reader.test' })
    expect((await shop.get(held)).states).toEqual({ held: 1 })
    expect((await world.reconcile()).alarms).toBe(0)
  })

  it('takes nothing away in silence either, and ends no waiting', async () => {
    const shop = await world.established('g2')
    await call(shop.key, 'POST', '/v1/domains', { name: 'new-g2.test' })
    await world.reconcile()
    expect(unexplained(shop)).toEqual([])
    await world.sql(quietly(shop.uuid, `select 1`))
    expect((await world.reconcile()).alarms).toBe(1)
    await told(shop)
    const held = await shop.send({ from: 'x@new-g2.test', to: 'reader@reader.test' })
    expect((await shop.get(held)).states).toEqual({ held: 1 })
    await world.sql(quietly(shop.uuid, `delete from webhook_endpoint where workspace_id = '${shop.uuid}'`))
    expect((await world.reconcile()).alarms).toBeGreaterThan(0)
  })

  it('makes no workspace one that was never looked at', async () => {
    const shop = await world.established('g3')
    await world.reconcile()
    await world.sql(
      quietly(
        shop.uuid,
        `${domain(shop.uuid, 'arxxwalls-g3.test')}; delete from notices.profile where workspace_id = '${shop.uuid}'`,
      ),
    )
    expect((await world.reconcile()).alarms).toBeGreaterThan(0)
    await told(shop)
  })

  it('has no owner explained by a member who only signs in', async () => {
    const shop = await world.established('g4')
    await world.reconcile()
    const person = await world.owner((await world.established('g5')).uuid, 'rogue@g4.test')
    await world.sql(
      `insert into audit_outbox (id, workspace_id, actor, action, target, detail)
       values ($1, $2, 'member:x', 'person.renamed', null, '{}'), ($3, $2, 'member:x', 'member.session_ended', null, '{}')`,
      [randomUUID(), shop.uuid, randomUUID()],
    )
    await world.sql(
      `insert into member (id, workspace_id, person_id, role, created_by) values ($1, $2, $3, 'owner', 'x')`,
      [randomUUID(), shop.uuid, person.personId],
    )
    expect((await world.reconcile()).alarms).toBe(1)
    await told(shop)
  })
})

describe('an older version', () => {
  it('leaves no news behind, however many rows it left', async () => {
    const { id } = await world.api.workspace()
    await world.sql('alter table sending_domain disable trigger profile')
    await world.sql(
      `insert into sending_domain (id, workspace_id, name, state)
       select gen_random_uuid(), $1, 'old-' || n || '.test', 'verified' from generate_series(1, 1500) n`,
      [decodeId('workspace', id)],
    )
    await world.sql('alter table sending_domain enable always trigger profile')
    expect((await world.reconcile()).alarms).toBe(0)
    expect((await world.reconcile()).alarms).toBe(0)
  })
})

describe('a hijacked api process', () => {
  it('settles no webhook: the second way on which notices go is not its own', async () => {
    const shop = await world.established('h1')
    const added = await call(shop.key, 'POST', '/v1/domains', { name: 'new-h1.test' })
    const { rows } = await world.api.database.pool('superuser').query<{ id: string; state: string }>(
      `with dark as (
         insert into notices.notice (id, alert_id, workspace_id, channel, url, endpoint_id, due)
         select engine.new_event_id(gen_random_uuid()), a.id, a.workspace_id, 'webhook', 'http://127.0.0.1:9', $2, now() + interval '1 day'
         from security_alert a where a.workspace_id = $1 order by a.id desc limit 1 returning id, state)
       select * from dark`,
      [shop.uuid, decodeId('domain', added.body.id)],
    )
    const settle = (role: 'bulkhead_api' | 'bulkhead_worker') =>
      world.api.database
        .pool(role)
        .query(`select engine.settle_notices($1::uuid[], 'sent', 0, null, null)`, [rows.map(({ id }) => id)])
    const state = () => world.sql('select state from notices.notice where id = $1', [rows[0]!.id])
    await settle('bulkhead_api')
    expect(await state()).toEqual([{ state: 'pending' }])
    await settle('bulkhead_worker')
    expect(await state()).toEqual([{ state: 'sent' }])
  })
})

describe('a flood', () => {
  it('turns no notice to another address: who has two for a day gets a letter of the hour at each', async () => {
    const shop = await world.established('k1')
    const [first] = shop.owners
    const place = {
      workspaceId: INSTALLATION_WORKSPACE,
      table: 'account.person',
      column: 'sealed_email',
      rowId: first.personId,
    }
    const key = await world.api.keyring('api').contentKey(INSTALLATION_WORKSPACE)
    const alert = async (about: string, kind: string) =>
      world.sql(
        `insert into security_alert (id, kind, severity, workspace_id, about, created_at, last_at, recorded_at)
         values (engine.new_event_id(gen_random_uuid()), $2, 'medium', $3, $1, now(), now(), now()) returning id`,
        [about, kind, shop.uuid],
      )
    await world.sql(
      `create function pg_temp.later() returns trigger language plpgsql as $$
       begin new.state := 'digest'; new.due := now() + interval '1 hour'; return new; end $$;
       create trigger later before insert on notices.notice for each row when (new.channel = 'mail') execute function pg_temp.later()`,
    )
    try {
      await alert('rogue', 'loud.thing')
      await world.sql(
        `update notices.notice set sealed_email = $2, due = due - interval '10 minutes' where person_id = $1 and state = 'digest'`,
        [first.personId, seal(key, place, Buffer.from('rogue@k1.test'))],
      )
      await alert('quiet', 'quiet.thing')
    } finally {
      await world.sql('drop trigger later on notices.notice')
    }
    await world.sql(
      `update notices.notice set due = due - interval '2 hours' where person_id = $1 and state = 'digest'`,
      [first.personId],
    )
    const letter = await eventually(
      () => world.letters(first.email).find((text) => text.includes('quiet.thing')),
      'the address that it was meant for gets it',
      30_000,
    )
    expect(letter).not.toContain('loud.thing')
    expect(world.letters('rogue@k1.test').join('')).not.toContain('quiet.thing')
  })

  it('in one workspace does not hide what happens in another: the letter of the hour names both, and what is new', async () => {
    const shop = await world.established('i1')
    const other = await world.established('i2')
    const [first] = shop.owners
    await world.sql(
      `update workspace set name = case id when $1 then 'Quiet shop' else 'Loud shop' end where id in ($1, $2)`,
      [shop.uuid, other.uuid],
    )
    await world.sql(
      `insert into notices.contact (workspace_id, kind, row_id, person_id, role, sealed_email, joined_at, since)
       select $2, 'person', gen_random_uuid(), person_id, 'owner', sealed_email, joined_at, since from notices.contact where person_id = $1 limit 1`,
      [first.personId, other.uuid],
    )
    await world.sql(
      `insert into security_alert (id, kind, severity, workspace_id, about, created_at, last_at, recorded_at)
       select engine.new_event_id(gen_random_uuid()), 'flood.test', 'medium', $1, 'n' || n, now(), now(), now() from generate_series(1, 40) n`,
      [other.uuid],
    )
    const waiting = () =>
      world.sql(
        `select 1 from notices.notice where person_id = $1 and channel = 'mail' and state = 'pending'`,
        [first.personId],
      )
    await eventually(async () => ((await waiting()).length === 0 ? true : undefined), 'the flood', 30_000)
    await call(shop.key, 'POST', '/v1/domains', { name: 'new-i1.test' })
    await eventually(async () => ((await waiting()).length === 0 ? true : undefined), 'the one', 30_000)
    await world.sql(`update notices.notice set due = now() where state = 'digest' and person_id = $1`, [
      first.personId,
    ])
    const letter = await eventually(
      () =>
        world
          .letters(first.email)
          .map((text) => text.replaceAll('=\r\n', ''))
          .find((text) => text.includes('Security notices of the last hour')),
      'the letter of the hour',
      30_000,
    )
    expect(letter).toContain('Quiet shop')
    expect(letter).toContain('Loud shop')
    expect(letter).toContain('new-i1.test')
  })
})
