import { randomBytes, randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { decodeId } from '../../src/kernel/ids.ts'
import { createTenantTransactions } from '../../src/platform/postgres/tenant.ts'
import { aClient, linkIn } from './accounts-fixture.ts'
import { eventually } from './engine-fixture.ts'
import { startHook, startNoticesWorld } from './notices-fixture.ts'
import { signIn } from './people-fixture.ts'
import type { Established, NoticesWorld } from './notices-fixture.ts'

let world: NoticesWorld
beforeAll(async () => {
  world = await startNoticesWorld()
})
afterAll(() => world[Symbol.asyncDispose]())

const call = (key: string, method: string, path: string, body?: unknown) =>
  world.api.call(key, method, path, body)

async function changes(workspace: Established) {
  return (await call(workspace.key, 'GET', '/v1/changes')).body.data as {
    id: string
    kind: string
    subject: string | null
    state: string
    inertUntil: string | null
    unexplained: boolean
    messagesHeld: number
    notices: Record<string, number>
  }[]
}
const told = (workspace: Established, kind: string, hook = workspace.hook) =>
  hook.received.filter(({ body }) => body.data.change?.kind === kind)
const letters = (email: string, text: string) =>
  world.letters(email).filter((letter) => letter.includes(text))
const bothTold = (workspace: Established, kind: string, text: string) =>
  eventually(
    () =>
      workspace.owners.every(({ email }) => letters(email, text).length > 0) &&
      told(workspace, kind).length > 0
        ? true
        : undefined,
    `${kind} is told by mail to both owners and by webhook`,
    30_000,
  )
async function status(pending: Promise<unknown>): Promise<string> {
  try {
    await pending
    return 'done'
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : String(error)
  }
}

describe('a change in an established workspace', () => {
  it('of a domain is told by mail and webhook, its mail is held with the reason, and a second owner lets it go', async () => {
    const shop = await world.established('a1')
    const added = await call(shop.owners[0].token, 'POST', '/v1/domains', { name: 'new-a1.test' })
    expect(added.status).toBe(201)
    // Whoever looks at it sees why its mail waits.
    expect(Date.parse(added.body.inertUntil) - Date.now()).toBeGreaterThan(23.9 * 3_600_000)
    const sent = await call(shop.key, 'POST', '/v1/messages', {
      from: 'news@new-a1.test',
      to: 'reader@reader.test',
      subject: 'Hello',
      text: 'x',
    })
    expect([sent.status, sent.body.recipients[0].state]).toEqual([202, 'held'])
    await bothTold(shop, 'domain.added', 'A sending domain was added: new-a1.test')
    const message = await shop.get(sent.body.id)
    expect(message.states).toEqual({ held: 1 })
    expect(
      message.timeline.find((item: { type: string }) => item.type === 'message.held').detail,
    ).toMatchObject({
      reason: 'the domain is new in this workspace',
    })
    // A new time does not get it out.
    await call(shop.key, 'PATCH', `/v1/messages/${sent.body.id}`, { sendAt: new Date().toISOString() })
    expect((await shop.get(sent.body.id)).states).toEqual({ held: 1 })

    const [change] = await changes(shop)
    expect(change).toMatchObject({ kind: 'domain.added', subject: 'new-a1.test', messagesHeld: 1 })
    const approve = (key: string) => call(key, 'POST', `/v1/changes/${change!.id}/approve`)
    // Not by the one who made it, not by a key, not by one who came later.
    expect((await approve(shop.owners[0].token)).status).toBe(409)
    expect((await approve(shop.key)).status).toBe(403)
    // Nor by the other one through the workspace's own provider: whoever has that could be any owner.
    const vouched = await signIn(world.api, shop.owners[1].personId, {
      factor: 'sso',
      onlyWorkspace: shop.id,
    })
    expect((await approve(vouched.token)).status).toBe(409)
    const late = await world.owner(shop.uuid, 'late@a1.test')
    expect((await approve(late.token)).status).toBe(409)
    expect((await approve(shop.owners[1].token)).body).toMatchObject({ state: 'approved' })
    await world.reconcile()
    expect((await shop.ended(sent.body.id)).states).toEqual({ delivered: 1 })
    expect((await call(shop.key, 'GET', `/v1/domains/${added.body.id}`)).body.inertUntil).toBeNull()
    const timeline = (await shop.get(sent.body.id)).timeline.map((item: { type: string }) => item.type)
    expect(timeline).toContain('message.released')
  })

  it('of a sender holds mail from that address only, whatever its case, and sensitive mail too', async () => {
    const shop = await world.established('a2')
    const domain = shop.from.split('@')[1]!
    expect(
      (await call(shop.key, 'POST', '/v1/senders', { email: `Rogue@${domain}`, name: 'Rogue' })).status,
    ).toBe(201)
    await bothTold(shop, 'sender.added', `A sender was added: Rogue@${domain}`)
    const held = await shop.send({ from: `rogue@${domain}`, to: 'reader@reader.test' })
    const free = await shop.send({ to: 'reader@reader.test' })
    expect((await shop.get(held)).states).toEqual({ held: 1 })
    expect((await shop.ended(free)).states).toEqual({ delivered: 1 })
    const codes = await shop.send({ from: `rogue@${domain}`, to: 'reader@reader.test', sensitive: true })
    expect((await shop.get(codes)).states).toEqual({ held: 1 })
    // Taking the sender away cancels what waits.
    const [sender] = (await call(shop.key, 'GET', '/v1/senders')).body.data
    expect(Date.parse(sender.inertUntil)).toBeGreaterThan(Date.now())
    expect((await call(shop.key, 'DELETE', `/v1/senders/${sender.id}`)).status).toBe(204)
    await world.reconcile()
    expect((await shop.get(held)).states).toEqual({ cancelled: 1 })
    const ledger = await shop.ledger()
    expect([ledger.balanced, ledger.lost, ledger.doubled]).toEqual([true, 0, 0])
  })

  it('of a webhook is told to where it was before, and to the new place nothing for 24 hours', async () => {
    const shop = await world.established('a3')
    await using elsewhere = await startHook()
    const moved = await call(shop.key, 'PATCH', `/v1/webhooks/${shop.webhookId}`, { url: elsewhere.url })
    expect(Date.parse(moved.body.inertUntil)).toBeGreaterThan(Date.now())
    await bothTold(shop, 'webhook.changed', 'A webhook was changed')
    // The next step of the attack is still told to the old place.
    await call(shop.key, 'POST', '/v1/domains', { name: 'new-a3.test' })
    await bothTold(shop, 'domain.added', 'new-a3.test')
    await call(shop.key, 'DELETE', `/v1/webhooks/${shop.webhookId}`)
    await bothTold(shop, 'webhook.removed', 'A webhook was removed')
    expect(elsewhere.received).toEqual([])
  })

  it('of owners is told to those who were there; a new one hears nothing, a removed one hears for a day', async () => {
    const shop = await world.established('a4')
    const rogue = await world.owner(shop.uuid, 'boss@arxxwalls.test')
    await bothTold(shop, 'owner.added', 'Somebody became an owner')
    await world.sql('update member set revoked_at = now() where id = $1', [shop.owners[1].memberId])
    await bothTold(shop, 'owner.removed', 'An owner was removed')
    await call(shop.key, 'POST', '/v1/domains', { name: 'new-a4.test' })
    await bothTold(shop, 'domain.added', 'new-a4.test')
    expect(world.letters(rogue.email)).toEqual([])
    // An inert owner decides nothing.
    const [change] = await changes(shop)
    expect((await call(rogue.token, 'POST', `/v1/changes/${change!.id}/approve`)).status).toBe(409)
  })

  it('of the address of an owner is no way to silence: the old one hears on, the new one not yet', async () => {
    const shop = await world.established('a5')
    const person = shop.owners[0].personId
    await world.sql(`update account.person set email_index = $2, sealed_email = $3 where id = $1`, [
      person,
      randomBytes(32),
      randomBytes(80),
    ])
    await call(shop.key, 'POST', '/v1/domains', { name: 'new-a5.test' })
    await bothTold(shop, 'domain.added', 'new-a5.test')
    const contacts = await world.sql(
      `select since > clock_timestamp() + interval '23 hours' as waits, until is not null as ends from notices.contact where person_id = $1 order by 2`,
      [person],
    )
    expect(contacts).toEqual([
      { waits: true, ends: false },
      { waits: false, ends: true },
    ])
  })

  it('is rejected by a second owner: what is new is gone and its mail cancelled', async () => {
    const shop = await world.established('a6')
    await call(shop.key, 'POST', '/v1/domains', { name: 'new-a6.test' })
    const held = await shop.send({ from: 'x@new-a6.test', to: 'reader@reader.test' })
    const [change] = await changes(shop)
    expect((await call(shop.owners[1].token, 'POST', `/v1/changes/${change!.id}/reject`)).status).toBe(200)
    await world.reconcile()
    expect((await shop.get(held)).states).toEqual({ cancelled: 1 })
    const domains = (await call(shop.key, 'GET', '/v1/domains')).body.data.map(
      (item: { name: string }) => item.name,
    )
    expect(domains).not.toContain('new-a6.test')
  })
})

describe('a recovery that has begun', () => {
  it('is told to the webhook of each workspace of the person, as security.alert', async () => {
    const shop = await world.established('a7')
    const { email } = shop.owners[0]
    const client = aClient(world.api)
    expect((await client.call('POST', '/v1/recovery', { email })).status).toBe(202)
    const begun = await client.call('POST', '/v1/recovery/confirm', {
      token: await linkIn(world.api, email, 'recovery_asked'),
    })
    expect(begun.status).toBe(200)
    await world.api.accountLoop.settle()
    const heard = await eventually(
      () => shop.hook.received.find(({ body }) => body.data.kind === 'recovery.started'),
      'the webhook hears of the recovery',
      30_000,
    )
    expect(heard.body).toMatchObject({
      type: 'security.alert',
      data: { severity: 'high', facts: { recovery: begun.body.id }, change: null },
    })
    // Nothing personal: who it is stands in the product.
    expect(JSON.stringify(heard.body)).not.toContain(email)
  })
})

describe('what a hijacked api process can do about it', () => {
  it('is nothing: neither the time of waiting, nor the age, nor the notices are its to change', async () => {
    const shop = await world.established('b1')
    const pool = world.api.database.pool('bulkhead_api')
    const transactions = createTenantTransactions(pool)
    const added = await call(shop.key, 'POST', '/v1/domains', { name: 'new-b1.test' })
    const id = decodeId('domain', added.body.id)!
    await transactions.write(shop.uuid, async (db) => {
      await db.query('update sending_domain set inert_until = null where id = $1', [id])
      await db.query(`update workspace set created_at = now() where id = $1`, [shop.uuid])
    })
    expect(
      await world.sql(
        `select inert_until > now() + interval '23 hours' as inert from sending_domain where id = $1`,
        [id],
      ),
    ).toEqual([{ inert: true }])
    await call(shop.key, 'POST', '/v1/domains', { name: 'new-b2.test' })
    expect((await changes(shop))[0]).toMatchObject({ kind: 'domain.added', inertUntil: expect.any(String) })
    for (const statement of [
      'delete from notices.notice',
      'update notices.contact set until = now()',
      'update notices.change set state = $$approved$$',
      'delete from notices.inert_domain',
      'delete from notices.hold',
    ])
      expect(await status(pool.query(statement)), statement).toBe('42501')
  })

  it('and what goes straight into the queue is held too', async () => {
    const shop = await world.established('b3')
    await call(shop.key, 'POST', '/v1/domains', { name: 'new-b3.test' })
    const message = randomUUID()
    await world.sql(
      `insert into message (id, workspace_id, lane, source, from_domain, size_bytes, recipient_count, expires_at, actor, summary)
       values (engine.new_event_id($1), $2, 'bulk', 'api', 'new-b3.test', 1, 1, now() + interval '1 day', 'x', '\\x00')`,
      [message, shop.uuid],
    )
    await world.sql(
      `insert into queue (lane, message_id, number, workspace_id, destination, due, expires_at)
       select lane, id, 1, workspace_id, 1, now(), expires_at from message where workspace_id = $1 and from_domain = 'new-b3.test'`,
      [shop.uuid],
    )
    expect(await world.sql('select held from queue where workspace_id = $1', [shop.uuid])).toEqual([
      { held: true },
    ])
    await world.sql('delete from queue where workspace_id = $1', [shop.uuid])
  })
})

describe('the comparison with the audit log', () => {
  it('finds what was written past the product, and says so to those who were there before', async () => {
    const shop = await world.established('c1')
    await world.sql(
      `insert into sending_domain (id, workspace_id, name, state) values ($1, $2, 'arxxwalls.test', 'verified')`,
      [randomUUID(), shop.uuid],
    )
    expect((await world.reconcile()).alarms).toBeGreaterThan(0)
    await bothTold(shop, 'domain.added', 'The audit log knows of no act behind it')
    const [change] = await changes(shop)
    expect(change).toMatchObject({ kind: 'domain.added', unexplained: true, inertUntil: expect.any(String) })
    expect((await world.reconcile()).alarms).toBe(0)
  })

  it('finds it also where the triggers were switched off', async () => {
    const shop = await world.established('c2')
    const id = randomUUID()
    for (const trigger of ['profile', 'inert'])
      await world.sql(`alter table sending_domain disable trigger ${trigger}`)
    await world.sql(
      `insert into sending_domain (id, workspace_id, name, state) values ($1, $2, 'arxxwalls.test', 'verified')`,
      [id, shop.uuid],
    )
    for (const trigger of ['profile', 'inert'])
      await world.sql(`alter table sending_domain enable always trigger ${trigger}`)
    expect((await world.reconcile()).alarms).toBe(1)
    await bothTold(shop, 'domain.added', 'The audit log knows of no act behind it')
    expect(
      await world.sql('select inert_until > now() as inert from sending_domain where id = $1', [id]),
    ).toEqual([{ inert: true }])
    const held = await shop.send({ from: 'x@arxxwalls.test', to: 'reader@reader.test' })
    expect((await shop.get(held)).states).toEqual({ held: 1 })
  })

  it('finds no fault with what was done by the product', async () => {
    const shop = await world.established('c3')
    const domain = shop.from.split('@')[1]!
    await call(shop.key, 'POST', '/v1/domains', { name: 'new-c3.test' })
    const sender = await call(shop.key, 'POST', '/v1/senders', { email: `x@${domain}` })
    await call(shop.key, 'DELETE', `/v1/senders/${sender.body.id}`)
    await call(shop.key, 'PATCH', `/v1/webhooks/${shop.webhookId}`, {
      eventTypes: ['message.bounced', 'security.alert'],
    })
    await call(shop.key, 'POST', `/v1/webhooks/${shop.webhookId}/rotate-secret`)
    expect((await world.reconcile()).alarms).toBe(0)
    const all = await changes(shop)
    expect(all.map((item) => item.unexplained)).not.toContain(true)
    const [record] = await world.sql(
      `select count(*)::integer as n from (select detail::text from audit_outbox where workspace_id = $1 and action = 'profile.recorded'
       union all select record from audit_entry where workspace_id = $1 and action = 'profile.recorded') x`,
      [shop.uuid],
    )
    expect(record!['n']).toBeGreaterThanOrEqual(2)
  })
})

describe('a workspace that is being set up', () => {
  it('waits for nothing: there is nobody yet whom waiting would protect', async () => {
    const { key, id } = await world.api.workspace()
    await world.owner(decodeId('workspace', id)!, 'founder@fresh.test')
    expect((await call(key, 'POST', '/v1/domains', { name: 'fresh-d1.test' })).status).toBe(201)
    const sent = await call(key, 'POST', '/v1/messages', {
      from: 'x@fresh-d1.test',
      to: 'reader@reader.test',
      subject: 'x',
      text: 'x',
    })
    expect(sent.body.recipients[0].state).toBe('pending')
  })
})

describe('letters', () => {
  it('go on where somebody planted an address that nobody could seal', async () => {
    const shop = await world.established('e0')
    await world.sql(
      `insert into notices.contact (workspace_id, kind, row_id, person_id, role, sealed_email, joined_at, since)
       values ($1, 'person', $2, $2, 'owner', '\\x00', now(), now()), ($1, 'person', $2, $2, 'owner', $3, now(), now())`,
      [shop.uuid, randomUUID(), Buffer.concat([Buffer.from([1]), randomBytes(80)])],
    )
    await call(shop.key, 'POST', '/v1/domains', { name: 'new-e0.test' })
    await bothTold(shop, 'domain.added', 'new-e0.test')
    await eventually(
      async () =>
        (
          await world.sql(`select 1 from notices.notice where workspace_id = $1 and state = 'failed'`, [
            shop.uuid,
          ])
        ).length === 2
          ? true
          : undefined,
      'the planted ones are given up',
    )
    // Who was told stays on record, where to does not.
    const left = await world.sql(
      `select 1 from notices.notice where workspace_id = $1 and state <> 'pending' and (sealed_email is not null or secret is not null)`,
      [shop.uuid],
    )
    expect(left).toEqual([])
  })

  it('become one at the end of the hour when they are too many, and none is lost', async () => {
    const shop = await world.established('e1')
    const [first] = shop.owners
    await world.sql(
      `insert into security_alert (id, kind, severity, workspace_id, about, created_at, last_at, recorded_at)
       select engine.new_event_id(gen_random_uuid()), 'flood.test', 'medium', $1, 'n' || n, now(), now(), now() from generate_series(1, 40) n`,
      [shop.uuid],
    )
    const states = async () =>
      (
        await world.sql(
          `select state, count(*)::integer as n from notices.notice where person_id = $1 and channel = 'mail' group by 1 order by 1`,
          [first.personId],
        )
      ).map((row) => [row['state'], row['n']])
    await eventually(
      async () => ((await states()).some(([state]) => state === 'pending') ? undefined : true),
      'every notice is mailed or waits for the end of the hour',
      30_000,
    )
    const found = Object.fromEntries(await states())
    expect(found['sent'] + found['digest']).toBe(40)
    expect(found['sent']).toBeGreaterThanOrEqual(20)
    expect(found['sent']).toBeLessThanOrEqual(25)
    await world.sql(`update notices.notice set due = now() where state = 'digest'`)
    await eventually(
      async () => ((await states()).every(([state]) => state === 'sent') ? true : undefined),
      'the letter of the hour is mailed',
      30_000,
    )
    await eventually(
      () =>
        letters(first.email, `${found['digest']} `).some((text) => text.includes('flood.test'))
          ? true
          : undefined,
      'the letter of the hour arrives',
    )
  })
})
