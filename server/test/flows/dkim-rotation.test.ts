import { dkimVerify } from 'mailauth/lib/dkim/verify.js'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createIdGenerator, decodeId } from '../../src/kernel/ids.ts'
import { createDomainRecheck, createKeyDisposal } from '../../src/modules/domains/index.ts'
import { createResolver } from '../../src/platform/dns/index.ts'
import { createTenantTransactions } from '../../src/platform/postgres/tenant.ts'
import { createLogger } from '../../src/platform/telemetry/index.ts'
import { createAuditOutbox } from '../../src/security/audit/index.ts'
import { startDnsServer } from '../support/dns-server.ts'
import type { DnsServer } from '../support/dns-server.ts'
import { startApi } from './api-fixture.ts'
import type { ApiFixture } from './api-fixture.ts'
import { eventually, startRelayingEngine, startTestSink } from './engine-fixture.ts'

interface Record {
  readonly purpose: string
  readonly type: 'CNAME' | 'TXT'
  readonly name: string
  readonly value: string
  readonly required: boolean
  readonly state: string
  readonly advice: string | null
  readonly dkim: {
    readonly selector: string
    readonly algorithm: string
    readonly state: string
    readonly ageDays: number
    readonly until: string | null
    readonly hint: string | null
  } | null
}

const ZONE = 'mail.example.net'
const log = createLogger({ name: 'test', level: 'error' })
const audit = createAuditOutbox({ newId: createIdGenerator() })

/** What DNS answers, as receivers see it too. */
function nameServer(dns: DnsServer) {
  const texts = new Map<string, string>()
  return {
    publish(name: string, text: string): void {
      texts.set(name, text)
      dns.set(name, [{ type: 'TXT', strings: text.match(/.{1,255}/g) ?? [] }])
    },
    remove(name: string): void {
      texts.delete(name)
      dns.set(name, 'NXDOMAIN')
    },
    resolver: (name: string) =>
      texts.has(name)
        ? Promise.resolve([[texts.get(name) ?? '']])
        : Promise.reject(Object.assign(new Error('none'), { code: 'ENOTFOUND' })),
  }
}

/** A verified domain with its DNS, and the acts of the world around it. */
async function rotatable(
  api: ApiFixture,
  dns: DnsServer,
  name: string,
  delegationZone: string | null = null,
) {
  const names = nameServer(dns)
  const { id: workspaceId, key } = await api.workspace()
  const superuser = api.database.pool('superuser')
  const added = await api.call(key, 'POST', '/v1/domains', { name })
  const path = `/v1/domains/${added.body.id}`
  const uuid = decodeId('domain', added.body.id)
  const get = async () => (await api.call(key, 'GET', path)).body
  const records = async (): Promise<Record[]> => (await get()).records
  const keysIn = async (state: string) => (await records()).filter((record) => record.dkim?.state === state)
  const publishAll = async () => {
    const zone = delegationZone === null ? '' : (await api.call(api.operatorKey, 'GET', '/v1/zone')).text
    for (const record of await records()) {
      if (record.type === 'TXT') names.publish(record.name, record.value)
      else {
        const label = record.value.replace(`.${delegationZone}`, '')
        const line = zone.split('\n').find((text) => text.startsWith(`${label} `))
        const text = line?.match(/IN TXT (".*")$/)?.[1]?.replaceAll(/"\s*"|^"|"$/g, '')
        if (text === undefined) continue
        names.publish(record.value, text)
        dns.set(record.name, [{ type: 'CNAME', value: record.value }])
      }
    }
  }
  const recheck = async () => {
    await superuser.query('update sending_domain set next_check_at = now() where id = $1', [uuid])
    const pool = api.database.pool('bulkhead_worker')
    await createDomainRecheck({
      pool,
      transactions: createTenantTransactions(pool),
      // A new one remembers no earlier answers.
      resolver: createResolver({ servers: [dns.address], timeoutMs: 500, tries: 1 }),
      settings: { delegationZone, trustTestDomains: false },
      recordAudit: (db, record) => audit.record(db, record),
      log,
    })()
  }
  await publishAll()
  await recheck()
  return {
    key,
    path,
    uuid,
    names,
    get,
    records,
    keysIn,
    publishAll,
    recheck,
    superuser,
    workspaceUuid: decodeId('workspace', workspaceId),
    rotate: (body: unknown = {}) => api.call(key, 'POST', `${path}/rotate`, body),
    cancel: () => api.call(key, 'POST', `${path}/cancel-rotation`),
    signing: async () =>
      (
        await superuser.query<{ selector: string }>('select selector from engine.sending_identity($1, $2)', [
          decodeId('workspace', workspaceId),
          name,
        ])
      ).rows.map((row) => row.selector),
    /** Private halves that the keyring still has, by selector. */
    privateKeys: async () =>
      (
        await superuser.query<{ selector: string }>(
          'select selector from keyring.dkim_key where workspace_id = $1 and sealed_private is not null',
          [decodeId('workspace', workspaceId)],
        )
      ).rows
        .map((row) => row.selector)
        .toSorted(),
    letTimePass: (hours: number) =>
      superuser.query(
        `with keys as (update dkim_selector set retire_at = retire_at - make_interval(hours => $2) where domain_id = $1)
         update dkim_disposal set due_at = due_at - make_interval(hours => $2)`,
        [uuid, hours],
      ),
  }
}

function disposalOf(api: ApiFixture) {
  const pool = api.database.pool('bulkhead_api')
  return createKeyDisposal({
    pool,
    keyring: api.keyring('api'),
    transactions: createTenantTransactions(pool),
    recordAudit: (db, record) => audit.record(db, record),
    log,
  })
}

const selectorsOf = (records: readonly Record[]) => records.map((record) => record.dkim?.selector ?? '')

describe('a change of DKIM keys', () => {
  let dns: DnsServer
  let api: ApiFixture
  beforeAll(async () => {
    dns = await startDnsServer()
    api = await startApi({ dnsServers: [dns.address], production: true })
  })
  afterAll(async () => {
    await api[Symbol.asyncDispose]()
    await dns.close()
  })

  it('signs with the new keys once DNS shows them, and at every moment with a key that receivers find', async () => {
    const domain = await rotatable(api, dns, 'turn.example')
    await using sink = await startTestSink()
    await using _engine = await startRelayingEngine(api, sink)
    /** Sends one and has it verified as a receiver would, with the DNS of now. */
    const signedBy = async (subject: string) => {
      const sent = await api.call(domain.key, 'POST', '/v1/messages', {
        from: 'news@turn.example',
        to: 'a@there.example',
        subject,
        text: 'x',
      })
      expect(sent.status).toBe(202)
      const raw = await eventually(
        () => sink.messages().find((message) => message.raw.includes(subject))?.raw,
        subject,
      )
      const { results } = await dkimVerify(raw, { resolver: domain.names.resolver })
      expect(results.map(({ status }) => status.result)).toEqual(['pass', 'pass'])
      return { raw, selectors: results.map((result) => String(result.selector)).toSorted() }
    }
    const before = await domain.signing()
    expect((await signedBy('before-rotation')).selectors).toEqual(before.toSorted())

    const begun = await domain.rotate()
    expect([begun.status, begun.body.rotation.state, begun.body.state]).toEqual([200, 'waiting', 'verified'])
    const pending = await domain.keysIn('pending')
    expect(pending.map((record) => [record.dkim?.algorithm, record.required, record.state])).toEqual([
      ['rsa', false, 'pending'],
      ['ed25519', false, 'pending'],
    ])
    expect(await domain.signing()).toEqual(before)
    const again = await domain.rotate()
    expect([again.status, again.body.detail]).toEqual([409, expect.stringContaining('waits for DNS')])

    await domain.recheck()
    expect(await domain.signing()).toEqual(before)
    const old = await signedBy('while-it-waits')

    for (const record of pending) domain.names.publish(record.name, record.value)
    await domain.recheck()
    const fresh = selectorsOf(pending)
    expect(await domain.signing()).toEqual(fresh)
    const shown = await domain.get()
    expect(shown).toMatchObject({ state: 'verified', failingSince: null, rotation: { state: 'retiring' } })
    // A sender remembers a domain's keys for five seconds; what it signs meanwhile passes, too.
    await expect
      .poll(async () => (await signedBy(`after-${createIdGenerator()()}`)).selectors, { timeout: 15_000 })
      .toEqual(fresh.toSorted())
    const stillPasses = await dkimVerify(old.raw, { resolver: domain.names.resolver })
    expect(stillPasses.results.map(({ status }) => status.result)).toEqual(['pass', 'pass'])

    const retiring = await domain.keysIn('retiring')
    expect(selectorsOf(retiring)).toEqual(before)
    expect(retiring[0]?.advice).toContain('Leave it until')
    await disposalOf(api).round()
    expect(await domain.privateKeys()).toEqual(expect.arrayContaining(before))
    await domain.letTimePass(7 * 24)
    await disposalOf(api).round()
    const left = await domain.privateKeys()
    expect(left).not.toEqual(expect.arrayContaining([before[0]]))
    expect(left).toEqual([...fresh, ...selectorsOf(await domain.keysIn('standby'))].toSorted())
    expect((await domain.get()).rotation.state).toBe('removable')
    expect((await domain.keysIn('removable'))[0]?.advice).toContain('Delete this record')

    for (const record of await domain.keysIn('removable')) domain.names.remove(record.name)
    await domain.recheck()
    const end = await domain.get()
    expect([end.state, end.rotation, end.records.length]).toEqual(['verified', null, 4])
    expect((await domain.rotate()).status).toBe(200)
    const acts = await domain.superuser.query<{ action: string }>(
      'select action from audit_outbox where workspace_id = $1 order by id',
      [domain.workspaceUuid],
    )
    const told = new Set(acts.rows.map((row) => row.action))
    for (const action of ['domain.rotation_begun', 'domain.keys_changed', 'domain.key_destroyed'])
      expect([action, told.has(action)]).toEqual([action, true])
  })

  it('can be called off while it waits: the new keys are destroyed, the old ones sign on', async () => {
    const domain = await rotatable(api, dns, 'off.example')
    const before = await domain.signing()
    const keys = await domain.privateKeys()
    expect((await domain.cancel()).status).toBe(409)
    await domain.rotate()
    expect((await domain.privateKeys()).length).toBe(keys.length + 2)
    const cancelled = await domain.cancel()
    expect([cancelled.status, cancelled.body.rotation]).toEqual([200, null])
    await disposalOf(api).round()
    expect(await domain.privateKeys()).toEqual(keys)
    expect(await domain.signing()).toEqual(before)
    expect((await domain.rotate()).status).toBe(200)
  })

  it('in an emergency changes over to the standby at once, if receivers can find it', async () => {
    const domain = await rotatable(api, dns, 'fire.example')
    const [standby] = await domain.keysIn('standby')
    const before = await domain.signing()
    domain.names.remove(standby!.name)
    const refused = await domain.rotate({ emergency: true })
    expect([refused.status, refused.body.detail]).toEqual([409, expect.stringContaining('DNS does not show')])
    expect(await domain.signing()).toEqual(before)

    const other = await rotatable(api, dns, 'blaze.example')
    const [ready] = await other.keysIn('standby')
    const signed = await other.signing()
    const done = await other.rotate({ emergency: true })
    expect(done.status).toBe(200)
    expect(await other.signing()).toEqual([ready!.dkim?.selector])
    expect((await other.keysIn('pending')).map((record) => record.purpose)).toEqual([
      'dkim-standby',
      'dkim-ed25519',
    ])
    await other.letTimePass(1)
    await disposalOf(api).round()
    expect(await other.privateKeys()).not.toEqual(expect.arrayContaining([signed[0]]))

    await other.publishAll()
    await other.recheck()
    expect((await other.keysIn('standby')).length).toBe(1)
    expect((await other.signing()).length).toBe(2)
    expect((await other.get()).state).toBe('verified')
  })

  it('is refused while a domain signs nothing, and unknown domains read as such', async () => {
    const { key } = await api.workspace()
    const { body } = await api.call(key, 'POST', '/v1/domains', { name: 'early.example' })
    const early = await api.call(key, 'POST', `/v1/domains/${body.id}/rotate`, {})
    expect([early.status, early.body.detail]).toEqual([409, expect.stringContaining('signs nothing yet')])
    const other = await api.workspace()
    expect((await api.call(other.key, 'POST', `/v1/domains/${body.id}/rotate`, {})).status).toBe(404)
    expect((await api.call(other.key, 'POST', `/v1/domains/${body.id}/cancel-rotation`)).status).toBe(404)
  })

  it('two at once make one', async () => {
    const domain = await rotatable(api, dns, 'race.example')
    const answers = await Promise.all([domain.rotate(), domain.rotate(), domain.rotate()])
    expect(answers.map((answer) => answer.status).toSorted((a, b) => a - b)).toEqual([200, 409, 409])
    expect((await domain.keysIn('pending')).length).toBe(2)
    await expect.poll(async () => (await domain.privateKeys()).length).toBe(5)
  })

  it('is hinted at after 180 days', async () => {
    const domain = await rotatable(api, dns, 'old.example')
    expect((await domain.keysIn('active'))[0]?.dkim).toMatchObject({ ageDays: 0, hint: null })
    await domain.superuser.query(
      "update dkim_selector set created_at = now() - interval '200 days' where domain_id = $1",
      [domain.uuid],
    )
    const [active] = await domain.keysIn('active')
    expect(active?.dkim).toMatchObject({ ageDays: 200, hint: expect.stringContaining('rotate') })
    expect((await domain.keysIn('standby'))[0]?.dkim?.hint).toBeNull()
  })

  it('removing a domain destroys its private keys', async () => {
    const domain = await rotatable(api, dns, 'leaving.example')
    expect((await domain.privateKeys()).length).toBe(3)
    expect((await api.call(domain.key, 'DELETE', domain.path)).status).toBe(204)
    await disposalOf(api).round()
    expect(await domain.privateKeys()).toEqual([])
    expect((await domain.superuser.query('select 1 from dkim_disposal')).rows).toEqual([])
  })
})

describe('a change of DKIM keys of a delegated domain', () => {
  it('is done by the zone that the operator publishes', async () => {
    const dns = await startDnsServer()
    await using api = await startApi({ dnsServers: [dns.address], delegationZone: ZONE, production: true })
    const domain = await rotatable(api, dns, 'delegated.example', ZONE)
    const before = await domain.signing()
    expect(before.length).toBe(2)
    await domain.rotate()
    const pending = await domain.keysIn('pending')
    expect(pending.every((record) => record.type === 'CNAME' && record.value.endsWith(ZONE))).toBe(true)
    await domain.publishAll()
    await domain.recheck()
    expect(await domain.signing()).toEqual(selectorsOf(pending))
    const zoneHas = async (selector: string | undefined) =>
      (await api.call(api.operatorKey, 'GET', '/v1/zone')).text.includes(`${selector}.`)
    expect(await zoneHas(before[0])).toBe(true)
    await domain.letTimePass(7 * 24)
    await disposalOf(api).round()
    expect(await zoneHas(before[0])).toBe(false)
    expect(await zoneHas(pending[0]?.dkim?.selector)).toBe(true)
    await dns.close()
  })
})
