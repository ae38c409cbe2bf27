import { describe, expect, it } from 'vitest'
import { parseToml } from '../../platform/toml/index.ts'
import { implicitPlan, localAddressOf, poolOfLane, warmUpOf } from './plan.ts'
import { readPlan } from './read-plan.ts'
import { STANDARD_RAMP } from './ramp.ts'

const hostname = 'mail.example.net'

function read(toml: string) {
  const parsed = parseToml(toml)
  if (!parsed.ok) throw new Error(`the test's own file: ${parsed.problem}`)
  return readPlan(parsed.file.table, { hostname, providers: ['google', 'yahoo'] })
}

function problems(toml: string): string[] {
  const result = read(toml)
  return result.ok
    ? []
    : result.problems.map(({ table, index, key, problem }) => `${table} ${index} ${key}: ${problem}`)
}

function ramp(text: string): readonly number[] | undefined {
  const result = read(`[[warm_up]]\nsource = "default"\nstart = 2026-11-30\nramp = ${text}`)
  return result.ok ? result.plan.warmUps[0]?.ramp : undefined
}

describe('the plan of a file', () => {
  it('is the host’s own routes where the file names no source', () => {
    expect(read('')).toEqual({ ok: true, plan: implicitPlan(hostname) })
  })

  it('has sources with addresses in one spelling, names, weights and pools', () => {
    const result = read(`
[[source]]
name = "ip1"
addresses = ["192.0.2.1", "2001:DB8:0::1"]
ehlo = "Out1.Example.net"
weight = 10
pools = ["default", "letters"]
[[source]]
name = "ip2"
address = "192.0.2.2"
[[pool]]
name = "letters"
lanes = ["bulk"]
fallback = false
[[warm_up]]
source = "ip2"
start = 2026-11-30
[[warm_up]]
source = "ip2"
provider = "google"
start = "2026-12-01"
ramp = [10, 20]
[[warm_up]]
source = "ip1"
provider = "other"
start = 2026-12-01
ramp = { first = 100, factor = 2, last = 1000 }
`)
    if (!result.ok) throw new Error(JSON.stringify(result.problems))
    const { plan } = result
    expect(plan.sources).toEqual([
      {
        name: 'ip1',
        ipv4: '192.0.2.1',
        ipv6: '2001:db8::1',
        ehloName: 'out1.example.net',
        weight: 10,
        pools: ['default', 'letters'],
      },
      { name: 'ip2', ipv4: '192.0.2.2', ehloName: hostname, weight: 1, pools: ['default'] },
    ])
    expect(plan.pools).toEqual([
      { name: 'letters', lanes: ['bulk'], fallback: null },
      { name: 'default', lanes: [], fallback: null },
    ])
    expect([poolOfLane(plan, 'bulk'), poolOfLane(plan, 'critical')]).toEqual(['letters', 'default'])
    expect(warmUpOf(plan, 'ip2', 'google')).toMatchObject({ start: '2026-12-01', ramp: [10, 20] })
    expect(warmUpOf(plan, 'ip2', 'yahoo')).toMatchObject({ start: '2026-11-30', ramp: STANDARD_RAMP })
    expect(warmUpOf(plan, 'ip1', 'other')?.ramp).toEqual([100, 200, 400, 800, 1000])
    expect(warmUpOf(plan, 'ip1', 'google')).toBeNull()
  })

  it('says everything that is wrong, and where', () => {
    expect(
      problems(`
[[source]]
name = "IP 1"
address = "300.1.1.1"
wieght = 2
[[source]]
name = "a"
addresses = ["192.0.2.1", "192.0.2.2"]
ehlo = "-"
weight = 0
pools = []
[[pool]]
name = "p"
lanes = ["fast"]
[[warm_up]]
source = "a"
start = "30.11.2026"
ramp = [0]
`).map((line) => line.split(':')[0]),
    ).toEqual([
      'source 0 wieght',
      'source 0 name',
      'source 0 address',
      'source 1 addresses',
      'source 1 ehlo',
      'source 1 weight',
      'source 1 pools',
      'pool 0 lanes',
      'warm_up 0 start',
      'warm_up 0 ramp',
    ])
  })

  it('refuses names that lead nowhere and what stands twice', () => {
    expect(
      problems(`
[[source]]
name = "a"
address = "192.0.2.1"
[[source]]
name = "a"
address = "192.0.2.1"
[[pool]]
name = "empty"
[[pool]]
name = "default"
fallback = "nothing"
lanes = ["bulk"]
[[warm_up]]
source = "b"
provider = "gogle"
start = 2026-11-30
`),
    ).toEqual([
      'source 1 name: "a" stands here twice',
      'source 1 address: 192.0.2.1: source "a" has that too',
      'pool 0 name: no source is in the pool "empty"',
      'pool 1 fallback: "nothing" is no other pool that has a source',
      'warm_up 0 source: there is no source "b"',
      'warm_up 0 provider: the shaping rules know no provider "gogle"',
    ])
    expect(problems('[[source]]\nname = "a"\npools = ["letters"]')).toEqual([
      'source null pools: no source is in the pool "default"',
    ])
    expect(problems('source = 1')).toEqual(['source null null: is not a list of tables'])
    expect(problems('[[source]]\nname = "a"\n[[source]]\nname = "b"')).toEqual([
      'source 1 address: no address: source "a" has that too',
    ])
  })

  it('bounds ramps, however they are written', () => {
    expect(ramp('{ first = 1, factor = 1.05, last = 100000000 }')?.length).toBeLessThanOrEqual(366)
    expect(ramp('{ first = 10, last = 5 }')).toBeUndefined()
    expect(ramp('{ first = 10, last = 50, factor = 1 }')).toBeUndefined()
    expect(ramp(`[${Array.from({ length: 367 }, () => 1).join(',')}]`)).toBeUndefined()
    expect(ramp('"fast"')).toBeUndefined()
    expect(ramp('[50]')).toEqual([50])
  })

  it('ships a ramp that never more than doubles', () => {
    for (const [day, messages] of STANDARD_RAMP.slice(1).entries()) {
      expect(messages).toBeGreaterThan(STANDARD_RAMP[day]!)
      expect(messages).toBeLessThanOrEqual(2 * STANDARD_RAMP[day]!)
    }
  })

  it('binds to the address of the target’s family, and to nothing where the source has none of it', () => {
    const source = { ipv4: '192.0.2.1' }
    expect(localAddressOf(source, 4)).toEqual({ kind: 'address', address: '192.0.2.1' })
    expect(localAddressOf(source, 6)).toEqual({ kind: 'unsuitable' })
    expect(localAddressOf({}, 6)).toEqual({ kind: 'any' })
  })
})
