import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { decodeId } from '../../src/kernel/ids.ts'
import { createIdGenerator } from '../../src/kernel/ids.ts'
import { createDomainRecheck } from '../../src/modules/domains/index.ts'
import { createResolver } from '../../src/platform/dns/index.ts'
import { createTenantTransactions } from '../../src/platform/postgres/tenant.ts'
import { createLogger } from '../../src/platform/telemetry/index.ts'
import { createAuditOutbox } from '../../src/security/audit/index.ts'
import { startDnsServer } from '../support/dns-server.ts'
import type { DnsServer } from '../support/dns-server.ts'
import { startApi } from './api-fixture.ts'
import type { ApiFixture } from './api-fixture.ts'

interface Published {
  readonly purpose: string
  readonly type: 'CNAME' | 'TXT'
  readonly name: string
  readonly value: string
  readonly required: boolean
  readonly state: string
  readonly found: string[]
  readonly advice: string | null
}

const ZONE = 'mail.example.net'

/** Publishes records as a domain's owner would, and what the delegation zone would answer behind a CNAME. */
function publish(dns: DnsServer, records: readonly Published[], zoneText: string | null): void {
  const keys = new Map<string, string>()
  for (const line of (zoneText ?? '').split('\n')) {
    const match = /^(\S+) \d+ IN TXT (".*")$/.exec(line)
    if (match !== null) keys.set(`${match[1]}.${ZONE}`, match[2]!.replaceAll(/"\s*"|^"|"$/g, ''))
  }
  for (const record of records) {
    if (record.type === 'TXT') dns.set(record.name, [{ type: 'TXT', strings: chunks(record.value) }])
    else {
      dns.set(record.name, (type) => {
        const key = keys.get(record.value)
        const behind =
          type === 'TXT' && key !== undefined ? [{ type: 'TXT' as const, strings: chunks(key) }] : []
        return [{ type: 'CNAME', value: record.value }, ...behind]
      })
      const key = keys.get(record.value)
      if (key !== undefined) dns.set(record.value, [{ type: 'TXT', strings: chunks(key) }])
    }
  }
}

function chunks(text: string): string[] {
  return text.match(/.{1,255}/g) ?? []
}

const recordOf = (records: readonly Published[], purpose: string): Published =>
  records.find((record) => record.purpose === purpose)!

function recheckOf(api: ApiFixture, dns: DnsServer, delegationZone: string | null = null) {
  const pool = api.database.pool('bulkhead_worker')
  const audit = createAuditOutbox({ newId: createIdGenerator() })
  return createDomainRecheck({
    pool,
    transactions: createTenantTransactions(pool),
    resolver: createResolver({ servers: [dns.address], timeoutMs: 500, tries: 1 }),
    settings: { delegationZone, trustTestDomains: false },
    recordAudit: (db, record) => audit.record(db, record),
    log: createLogger({ name: 'test', level: 'error' }),
  })
}

const age = (api: ApiFixture, change: string, id: string) =>
  api.database
    .pool('superuser')
    .query(`update sending_domain set ${change} where id = $1`, [decodeId('domain', id)])

describe('a sending domain that holds its own keys', () => {
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

  it('is verified when its keys are published, and not before', async () => {
    const { key } = await api.workspace()
    const added = await api.call(key, 'POST', '/v1/domains', { name: 'Shop.Example.' })
    expect(added.status).toBe(201)
    expect(added.body).toMatchObject({ name: 'shop.example', state: 'pending' })
    const records: Published[] = added.body.records
    expect(records.map((record) => [record.purpose, record.type, record.required])).toEqual([
      ['dkim', 'TXT', true],
      ['dkim-standby', 'TXT', true],
      ['dkim-ed25519', 'TXT', false],
      ['dmarc', 'TXT', false],
    ])
    expect(new Set(records.slice(0, 3).map((record) => record.value)).size).toBe(3)
    const send = { from: 'a@shop.example', to: ['b@example.com'], subject: 'x', text: 'x' }
    expect((await api.call(key, 'POST', '/v1/messages', send)).status).toBe(403)

    const path = `/v1/domains/${added.body.id}`
    const early = await api.call(key, 'POST', `${path}/verify`)
    expect(early.body.state).toBe('pending')
    expect(recordOf(early.body.records, 'dkim')).toMatchObject({ state: 'missing', found: [] })
    expect(recordOf(early.body.records, 'dkim').advice).toContain(recordOf(records, 'dkim').name)

    publish(dns, records, null)
    // A resolver of its own has not heard the negative answers that the API's keeps for 30 seconds.
    await age(api, 'next_check_at = now()', added.body.id)
    expect(await recheckOf(api, dns)()).toBe(1)
    const verified = await api.call(key, 'GET', path)
    expect(verified.body.state).toBe('verified')
    expect(verified.body.records.map((record: Published) => record.state)).toEqual(['ok', 'ok', 'ok', 'ok'])
    const audited = await api.database
      .pool('superuser')
      .query("select detail from audit_outbox where action = 'domain.verified' and target = $1", [
        added.body.id,
      ])
    expect(audited.rows).toHaveLength(1)
    await expect
      .poll(async () => (await api.call(key, 'POST', '/v1/messages', send)).status, { timeout: 3_000 })
      .toBe(202)
    const keys = await api.database
      .pool('superuser')
      .query<{ algorithm: string }>('select algorithm from engine.sending_identity($1, $2)', [
        (
          await api.database
            .pool('superuser')
            .query('select workspace_id from sending_domain where name = $1', ['shop.example'])
        ).rows[0]!['workspace_id'],
        'shop.example',
      ])
    expect(keys.rows.map((row) => row.algorithm)).toEqual(['rsa', 'ed25519'])
  })

  it('says what is wrong with a record, and never takes a failing DNS server for a missing one', async () => {
    const { key } = await api.workspace()
    const { body } = await api.call(key, 'POST', '/v1/domains', { name: 'wrong.example' })
    const records: Published[] = body.records
    publish(dns, records, null)
    dns.set(recordOf(records, 'dkim').name, [{ type: 'TXT', strings: ['v=DKIM1; k=rsa; p=AAAA'] }])
    dns.set(recordOf(records, 'dkim-standby').name, 'SERVFAIL')
    dns.set(recordOf(records, 'dkim-ed25519').name, [
      { type: 'TXT', strings: ['v=DKIM1; p=AAAA'] },
      { type: 'TXT', strings: ['v=DKIM1; p=BBBB'] },
    ])
    const checked = await api.call(key, 'POST', `/v1/domains/${body.id}/verify`)
    const after: Published[] = checked.body.records
    expect(recordOf(after, 'dkim')).toMatchObject({ state: 'wrong', found: ['v=DKIM1; k=rsa; p=AAAA'] })
    expect(recordOf(after, 'dkim').advice).toContain('another')
    expect(recordOf(after, 'dkim-standby')).toMatchObject({ state: 'unknown' })
    expect(recordOf(after, 'dkim-standby').advice).toContain('Could not check')
    expect(recordOf(after, 'dkim-ed25519').state).toBe('wrong')
    expect(checked.body.state).toBe('pending')
  })

  it('stays usable for 72 hours when its records vanish, and then fails', async () => {
    const { key, id: workspace } = await api.workspace()
    const { body } = await api.call(key, 'POST', '/v1/domains', { name: 'grace.example' })
    publish(dns, body.records, null)
    const path = `/v1/domains/${body.id}`
    expect((await api.call(key, 'POST', `${path}/verify`)).body.state).toBe('verified')
    for (const record of body.records) dns.set(record.name, 'SERVFAIL')
    await age(api, 'next_check_at = now()', body.id)
    await recheckOf(api, dns)()
    expect((await api.call(key, 'GET', path)).body).toMatchObject({ state: 'verified', failingSince: null })

    for (const record of body.records) dns.set(record.name, 'NXDOMAIN')
    await age(api, 'next_check_at = now()', body.id)
    await recheckOf(api, dns)()
    const doubted = await api.call(key, 'GET', path)
    expect(doubted.body.state).toBe('verified')
    expect(doubted.body.failingSince).not.toBeNull()
    const signing = () =>
      api.database
        .pool('superuser')
        .query('select * from engine.sending_identity($1, $2)', [
          decodeId('workspace', workspace),
          'grace.example',
        ])
    expect((await signing()).rows).toHaveLength(2)

    await age(api, "next_check_at = now(), failing_since = now() - interval '73 hours'", body.id)
    await recheckOf(api, dns)()
    expect((await api.call(key, 'GET', path)).body.state).toBe('failing')
    expect((await signing()).rows).toHaveLength(0)

    publish(dns, body.records, null)
    await age(api, 'next_check_at = now()', body.id)
    await recheckOf(api, dns)()
    expect((await api.call(key, 'GET', path)).body).toMatchObject({ state: 'verified', failingSince: null })
  })

  it('has a name that can be one, is listed once, and is gone when removed', async () => {
    const { key } = await api.workspace()
    for (const name of [
      'localhost',
      'a..example',
      'ex ample.com',
      '127.0.0.1',
      '-a.example',
      'x'.repeat(300),
    ]) {
      const refused = await api.call(key, 'POST', '/v1/domains', { name })
      expect([name, refused.status, refused.body.errors?.[0]?.field]).toEqual([name, 400, 'name'])
    }
    const idna = await api.call(key, 'POST', '/v1/domains', { name: 'bücher.example' })
    expect(idna.body.name).toBe('xn--bcher-kva.example')
    expect((await api.call(key, 'POST', '/v1/domains', { name: 'BÜCHER.example' })).status).toBe(409)
    const other = await api.workspace()
    const same = await api.call(other.key, 'POST', '/v1/domains', { name: 'bücher.example' })
    expect(same.body.records[0].name).not.toBe(idna.body.records[0].name)
    expect((await api.call(other.key, 'GET', `/v1/domains/${idna.body.id}`)).status).toBe(404)
    expect((await api.call(key, 'DELETE', `/v1/domains/${idna.body.id}`)).status).toBe(204)
    expect((await api.call(key, 'GET', '/v1/domains')).body.data).toEqual([])
  })
})

describe('a delegated sending domain', () => {
  it('points into the zone that the operator publishes', async () => {
    const dns = await startDnsServer()
    await using api = await startApi({ dnsServers: [dns.address], delegationZone: ZONE, production: true })
    const { key } = await api.workspace()
    const { body } = await api.call(key, 'POST', '/v1/domains', { name: 'delegated.example' })
    const records: Published[] = body.records
    expect(records.map((record) => record.type)).toEqual(['CNAME', 'CNAME', 'CNAME', 'CNAME', 'TXT'])
    expect(recordOf(records, 'dkim').value).toMatch(
      /^bh1-[a-z0-9]{8}\.[a-z0-9]{26}\.dkim\.mail\.example\.net$/,
    )
    expect((await api.call(key, 'GET', '/v1/zone')).status).toBe(403)
    const zone = await api.call(api.operatorKey, 'GET', '/v1/zone')
    expect(zone.headers.get('content-type')).toContain('text/plain')
    expect(zone.text).toContain('$ORIGIN mail.example.net.')

    publish(dns, records, zone.text)
    dns.set(recordOf(records, 'return-path').name, [{ type: 'CNAME', value: `rp.${ZONE}.delegated.example` }])
    const checked = await api.call(key, 'POST', `/v1/domains/${body.id}/verify`)
    expect(checked.body.state).toBe('verified')
    expect(recordOf(checked.body.records, 'return-path')).toMatchObject({ state: 'wrong' })
    expect(recordOf(checked.body.records, 'return-path').advice).toContain('final dot')
    await dns.close()
  })
})
