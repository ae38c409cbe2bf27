import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { BUILT_IN, LIMIT_KEYS, loadRules, type Rules } from './index.ts'
import { tightened, settingsFromJson, settingsToJson } from './limits.ts'
import { readShipped } from './rules-file.ts'
import { LAYERS } from './rules.ts'

function load(...texts: readonly string[]): Rules {
  const loaded = loadRules(texts.map((text, at) => ({ name: `file${at}`, text })))
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems))
  return loaded.rules
}

function problemsOf(text: string): { line: number | null; field: string; problem: string; fix: string }[] {
  const loaded = loadRules([{ name: 'file', text }])
  return loaded.ok
    ? []
    : loaded.problems.map(({ line, field, problem, fix }) => ({ line, field, problem, fix }))
}

const TO = { domain: 'shop.example', mxHosts: ['mx1.big.example', 'mx2.big.example'] }
const SOURCES = '[[source]]\nname = "default"\n[[source]]\nname = "ip1"\naddress = "192.0.2.1"\n'

/** One table for each layer, from the lowest to the highest. */
const TABLES: Readonly<
  Record<Exclude<(typeof LAYERS)[number], 'built-in'>, readonly [header: string, match?: string]>
> = {
  default: ['[default]'],
  provider: ['[provider.big]', 'match = [{ mx_suffix = "big.example" }]'],
  site: ['[site."(mx2|mx1).big.example"]'],
  domain: ['[domain."shop.example"]'],
  source: ['[source.limits]'],
  'provider+source': ['[provider.big.source.ip1]'],
  'site+source': ['[site."(mx2|mx1).big.example".source.ip1]'],
  'domain+source': ['[domain."shop.example".source.ip1]'],
}
const NAMES = LAYERS.filter((name) => name !== 'built-in')

/** A file that says something in each of some layers. */
function fileOf(says: Readonly<Partial<Record<(typeof NAMES)[number], readonly string[]>>>): string {
  const table = (name: (typeof NAMES)[number]): string => {
    const [header, match] = TABLES[name]
    const lines = says[name]
    return lines === undefined && match === undefined
      ? ''
      : [header, match ?? '', ...(lines ?? [])].join('\n')
  }
  return [SOURCES, table('source'), ...NAMES.filter((name) => name !== 'source').map(table)].join('\n')
}

describe('layers', () => {
  it('the highest layer that says something decides, for every set of layers, and the reason names it', () => {
    fc.assert(
      fc.property(fc.subarray([...NAMES]), (present) => {
        const says = Object.fromEntries(
          present.map((name) => [name, [`connections = ${NAMES.indexOf(name) + 100}`]]),
        )
        const resolved = load(fileOf(says)).resolve({ ...TO, source: 'ip1' })
        const winner = NAMES.findLast((name) => present.includes(name))
        const reason = resolved.because.find(({ key }) => key === 'connections')
        if (winner === undefined) {
          expect(resolved.limits).toEqual(BUILT_IN)
          expect(reason).toMatchObject({ layer: 'built-in' })
        } else {
          expect(resolved.limits.connections).toBe(NAMES.indexOf(winner) + 100)
          expect(reason).toMatchObject({ layer: winner, value: String(NAMES.indexOf(winner) + 100) })
        }
      }),
    )
  })

  it('keys do not disturb each other: each is decided by its own highest layer', () => {
    const keys = ['connections', 'messages_per_connection', 'max_ready'] as const
    fc.assert(
      fc.property(
        fc.record({
          connections: fc.subarray([...NAMES]),
          messages_per_connection: fc.subarray([...NAMES]),
          max_ready: fc.subarray([...NAMES]),
        }),
        (where) => {
          const says = Object.fromEntries(
            NAMES.map((name) => [
              name,
              keys
                .filter((key) => where[key].includes(name))
                .map((key) => `${key} = ${NAMES.indexOf(name) + 1}`),
            ]),
          )
          const { because } = load(fileOf(says)).resolve({ ...TO, source: 'ip1' })
          for (const key of keys) {
            const winner = NAMES.findLast((name) => where[key].includes(name)) ?? 'built-in'
            expect(because.find((reason) => reason.key === key)?.layer).toBe(winner)
          }
        },
      ),
    )
  })

  it('mail from another source, to another domain and to another site is not touched by their layers', () => {
    const says = Object.fromEntries(NAMES.map((name, at) => [name, [`connections = ${at + 1}`]]))
    const rules = load(fileOf(says))
    const of = (wanted: Partial<Parameters<Rules['resolve']>[0]>) =>
      rules.resolve({ ...TO, source: 'ip1', ...wanted }).because.find(({ key }) => key === 'connections')
        ?.layer
    expect(of({})).toBe('domain+source')
    expect(of({ source: null })).toBe('domain')
    expect(of({ domain: 'other.example' })).toBe('site+source')
    expect(of({ domain: 'other.example', mxHosts: ['mx1.big.example'] })).toBe('provider+source')
    expect(of({ domain: 'other.example', mxHosts: ['mx1.big.example', 'mx.else.example'] })).toBe('source')
    expect(of({ domain: 'other.example', mxHosts: ['mx.else.example'], source: null })).toBe('default')
  })

  it('replace leaves nothing of lower layers but the default, and nothing of the same table in an earlier file', () => {
    const lower =
      '[default]\nidle = "30s"\n[provider.big]\nmatch = [{ mx_suffix = "big.example" }]\nconnections = 5\nmax_ready = 7\n'
    const rules = load(lower, '[domain."shop.example"]\nreplace = true\nconnections = 50\n')
    expect(rules.resolve(TO).limits).toMatchObject({
      connections: 50,
      maxReady: BUILT_IN.maxReady,
      idleSeconds: 30,
    })
    expect(rules.resolve({ ...TO, domain: 'other.example' }).limits).toMatchObject({
      connections: 5,
      maxReady: 7,
    })
    const again = load(
      lower,
      '[provider.big]\nreplace = true\nconnections = 6\n[default]\nreplace = true\nmax_ready = 9\n',
    )
    expect(again.resolve(TO).limits).toMatchObject({
      connections: 6,
      maxReady: 9,
      idleSeconds: BUILT_IN.idleSeconds,
    })
  })

  it('a later file is laid over an earlier one key by key', () => {
    const rules = load(
      '[provider.big]\nmatch = [{ mx_suffix = "big.example" }]\nconnections = 5\nidle = "9s"\n',
      '[provider.big]\nconnections = 8\n',
    )
    const { limits, because } = rules.resolve(TO)
    expect(limits).toMatchObject({ connections: 8, idleSeconds: 9 })
    expect(because.find(({ key }) => key === 'connections')).toMatchObject({
      rule: 'file1:2',
      layer: 'provider',
    })
    expect(because.find(({ key }) => key === 'idle')).toMatchObject({ rule: 'file0:4' })
  })

  it('schedules hold for single lanes, and a list for all', () => {
    const rules = load('[default]\nretry = ["1m", "5m"]\n[domain."shop.example".retry]\nbulk = ["1h"]\n')
    expect(rules.resolve(TO).limits.retry).toEqual({
      critical: [60, 300],
      transactional: [60, 300],
      bulk: [3_600],
      internal: [60, 300],
    })
  })

  it('says whether limits hold for the domain alone, so that it gets a queue of its own', () => {
    const rules = load(
      '[provider.big]\nmatch = [{ mx_suffix = "big.example" }]\n[provider.brand]\nmatch = [{ domain_suffix = "brand.example" }]\n[domain."shop.example"]\nconnections = 1\n',
    )
    expect(rules.resolve(TO)).toMatchObject({ provider: 'big', ofDomain: true })
    expect(rules.resolve({ ...TO, domain: 'a.brand.example' })).toMatchObject({
      provider: 'brand',
      ofDomain: true,
    })
    expect(rules.resolve({ ...TO, domain: 'x.example' })).toMatchObject({ provider: 'big', ofDomain: false })
  })
})

describe('providers', () => {
  const rules = load(
    `[provider.big]
     match = [{ mx_suffix = "big.example" }, { host = "mail.partner.example" }]
     [provider.big-consumers]
     match = [{ mx_suffix = "free.big.example" }]`,
  )
  const of = (...mxHosts: readonly string[]) => rules.resolve({ domain: 'x.example', mxHosts }).provider

  it('all hosts must be of a provider, at the dots of their names', () => {
    expect(of('mx1.big.example')).toBe('big')
    expect(of('big.example')).toBe('big')
    expect(of('mx1.big.example', 'mail.partner.example')).toBe('big')
    expect(of('mx1.big.example', 'mx.else.example')).toBeNull()
    expect(of('evilbig.example')).toBeNull()
    expect(of('big.example.attacker.example')).toBeNull()
    expect(of('a.mail.partner.example')).toBeNull()
    expect(of()).toBeNull()
  })

  it('the more precise of two wins', () => {
    expect(of('mx.free.big.example')).toBe('big-consumers')
    expect(of('mx.free.big.example', 'mx.big.example')).toBe('big')
  })
})

describe('what is shipped', () => {
  it('is without problems, and knows the large providers by their hosts', async () => {
    const loaded = loadRules([await readShipped()])
    if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems))
    const of = (...mxHosts: readonly string[]) => {
      const { provider, limits } = loaded.rules.resolve({ domain: 'x.example', mxHosts })
      return [provider, limits.connections, limits.messagesPerConnection, limits.tls]
    }
    expect(of('gmail-smtp-in.l.google.com', 'alt1.gmail-smtp-in.l.google.com')).toEqual([
      'google',
      5,
      50,
      'required',
    ])
    expect(of('mta5.am0.yahoodns.net')).toEqual(['yahoo', 10, 20, 'opportunistic'])
    expect(of('outlook-com.olc.protection.outlook.com')).toEqual(['outlook', 5, 50, 'opportunistic'])
    expect(of('contoso-com.mail.protection.outlook.com')).toEqual(['office365', 5, 50, 'opportunistic'])
    expect(of('contoso-com.o-v1.mx.microsoft')).toEqual(['office365', 5, 50, 'opportunistic'])
    expect(of('mx01.mail.icloud.com', 'mx02.mail.icloud.com')).toEqual(['apple', 10, 5, 'opportunistic'])
    expect(of('mx1a1.comcast.net')).toEqual(['comcast', 25, 1000, 'required'])
    expect(of('eu-smtp-inbound-1.mimecast.com')).toEqual(['mimecast', 10, 100, 'opportunistic'])
    expect(of('smtp-in.orange.fr')).toEqual(['orange', 2, 100, 'opportunistic'])
    expect(of('mx.else.example')).toEqual([null, 10, 100, 'opportunistic'])
  })
})

describe('problems', () => {
  it('say the line, the key, what is wrong and what to write', () => {
    expect(
      problemsOf(
        '[default]\nconections = 5\n\n[provider.big]\nmatch = [{ mx_sufix = "big.example" }]\nmessage_rate = "fast"\n',
      ),
    ).toEqual([
      {
        line: 2,
        field: 'default.conections',
        problem: 'is not known',
        fix: 'write connections, or remove it',
      },
      expect.objectContaining({ line: 5, field: 'provider.big.match[0]' }),
      expect.objectContaining({ line: 6, field: 'provider.big.message_rate', problem: 'is no rate' }),
    ])
  })

  it.each([
    ['connections = 5', 'is not known'],
    ['[defaults]\nconnections = 5', 'is not known'],
    ['[default]\nconnections = 0', 'is no whole number from 1 to 1000'],
    ['[default]\nconnections = 1001', 'is no whole number from 1 to 1000'],
    ['[default]\nconnections = 2.5', 'is no whole number from 1 to 1000'],
    ['[default]\nconnections = "5"', 'is no whole number from 1 to 1000'],
    ['[default]\nconnections = nan', 'is no whole number from 1 to 1000'],
    ['[default]\nconnections = 2026-01-01', 'is no whole number from 1 to 1000'],
    ['[default]\nidle = "6m"', 'is no duration from 0s to 5m'],
    ['[default]\nidle = -1', 'is no duration from 0s to 5m'],
    ['[default]\nmessage_rate = "0/s"', 'is no rate'],
    ['[default]\nmessage_rate = "5/fortnight"', 'is no rate'],
    ['[default]\ntls = "never"', 'is neither "opportunistic" nor "required"'],
    ['[default]\nretry = []', 'is no list of 1 to 30 durations'],
    ['[default]\nretry = { bulk = ["8d"] }', 'bulk: pause 1 is no duration from 1s to 7d'],
    ['[default]\nretry = { slow = ["1m"] }', 'has no lane "slow"'],
    ['[default]\nreplace = "yes"', 'is neither true nor false'],
    ['default = 5', 'is not a table'],
    ['[provider."Big One"]\nmatch = [{ host = "a.b" }]', 'has a name that no provider can have'],
    ['[provider.other]\nmatch = [{ host = "a.b" }]', 'has a name that no provider can have'],
    ['[provider.new]\nconnections = 5', 'lacks its hosts'],
    ['[provider.new]\nmatch = [{ mx_suffix = "com" }]', 'is a whole top-level domain'],
    ['[provider.new]\nmatch = []', 'is no list of 1 to 200 hosts'],
    ['[site."not a site"]\nconnections = 5', 'is no set of MX hosts'],
    ['[site."(a|b).x.example"]\n[site."(b|a).x.example"]', 'is there twice, written differently'],
    ['[domain."ä.example"]\nconnections = 5', 'is no domain'],
    ['[domain."x.example".source.ip9]\nconnections = 5', 'names a source that is not there'],
    ['[[automation]]\naction = "ignore"\nmatch = "x"', 'is no name'],
    ['[[automation]]\nname = "a"\naction = "ignore"', 'is missing, and so are code, enhanced and class'],
    ['[[automation]]\nname = "a"\nmatch = "x"', 'is missing'],
    ['[[automation]]\nname = "a"\nmatch = "x"\naction = "explode"', 'has "explode", which is no action'],
    ['[[automation]]\nname = "a"\nmatch = "x"\naction = "set"', 'is missing'],
    ['[[automation]]\nname = "a"\nmatch = "x"\naction = "set"\nset = {}', 'is empty'],
    [
      '[[automation]]\nname = "a"\nmatch = "x"\naction = "ignore"\nset = { connections = 1 }',
      'belongs to action "set"',
    ],
    [
      '[[automation]]\nname = "a"\nmatch = "x"\naction = ["ignore", "suspend-site"]',
      'has "ignore" beside others',
    ],
    [
      '[[automation]]\nname = "a"\nmatch = "x"\naction = "ignore"\nat = "provider"',
      'is "provider", and the rule names none',
    ],
    [
      '[[automation]]\nname = "a"\nmatch = "x"\naction = "ignore"\nprovider = "nobody"',
      'has "nobody", which is no known provider',
    ],
    [
      '[[automation]]\nname = "a"\nmatch = \'(a)\\1\'\naction = "ignore"',
      'has an escape that is not supported at character 5',
    ],
    [
      '[[automation]]\nname = "a"\nmatch = "x"\naction = "ignore"\nduration = "8d"',
      'is no duration from 1m to 7d',
    ],
    [
      '[[automation]]\nname = "a"\nmatch = "x"\naction = "ignore"\ncode = 250',
      'has 250, which is no reply code',
    ],
    [
      '[[automation]]\nname = "a"\nmatch = "x"\naction = "ignore"\nthreshold = { count = 0, within = "1m" }',
      'is no whole number from 1 to 1000',
    ],
    [
      '[[automation]]\nname = "a"\nmatch = "x"\naction = "ignore"\n[[automation]]\nname = "a"\nmatch = "x"\naction = "ignore"',
      'is there twice',
    ],
  ])('%j is refused', (text, problem) => {
    expect(problemsOf(text).map((each) => each.problem)).toEqual(
      expect.arrayContaining([expect.stringContaining(problem)]),
    )
  })

  it('a file that is no TOML is refused with its line', () => {
    expect(problemsOf('[default]\nconnections = \n')).toMatchObject([{ line: 2 }])
    expect(problemsOf('[default]\n__proto__ = 1\n')).not.toEqual([])
  })

  it('one problem means that nothing of any file holds', () => {
    expect(
      loadRules([
        { name: 'a', text: '[default]\nconnections = 5' },
        { name: 'b', text: 'x = 1' },
      ]).ok,
    ).toBe(false)
  })
})

describe('a hostile file', () => {
  it('never throws, whatever it holds, and ends quickly', () => {
    const word = fc.constantFrom(
      'default',
      'provider',
      'site',
      'domain',
      'source',
      'automation',
      'retry',
      'match',
      'limits',
      '__proto__',
      'constructor',
      'a',
      '"x.y"',
      "''",
    )
    const value = fc.constantFrom(
      '1',
      '-1',
      '1e400',
      'inf',
      'true',
      '""',
      "'x'",
      '[]',
      '[[[]]]',
      '{}',
      '{a={b={}}}',
      '"""\n[x]\n"""',
      '1979-05-27',
      '[1,"a"]',
      '"\\u0000"',
    )
    const line = fc.oneof(
      fc
        .tuple(fc.constantFrom('[', '[['), fc.array(word, { minLength: 1, maxLength: 4 }))
        .map(([open, names]) => `${open}${names.join('.')}${open === '[' ? ']' : ']]'}`),
      fc
        .tuple(fc.array(word, { minLength: 1, maxLength: 3 }), value)
        .map(([names, each]) => `${names.join('.')} = ${each}`),
      fc
        .tuple(fc.constantFrom(...LIMIT_KEYS.map(({ key }) => key)), value)
        .map(([key, each]) => `${key} = ${each}`),
      fc.string({ maxLength: 30, unit: 'grapheme' }),
    )
    fc.assert(
      fc.property(fc.array(line, { maxLength: 30 }), (lines) => {
        const loaded = loadRules([{ name: 'x', text: lines.join('\n') }])
        if (loaded.ok) {
          const { limits } = loaded.rules.resolve({ ...TO, source: 'ip1' })
          expect(limits.connections).toBeGreaterThanOrEqual(1)
          expect(limits.connections).toBeLessThanOrEqual(1_000)
        } else {
          expect(loaded.problems.length).toBeGreaterThan(0)
          for (const each of loaded.problems) expect(each.fix).not.toBe('')
        }
      }),
      { numRuns: 1_000 },
    )
  })

  it('that is too large, too deep or has too many tables is refused, not read for ever', () => {
    expect(problemsOf('#'.repeat(600_000))).toMatchObject([{ problem: 'the file is larger than 512 KiB' }])
    expect(problemsOf(`x = ${'['.repeat(5_000)}`)).toHaveLength(1)
    const many = Array.from({ length: 2_500 }, (_, at) => `[domain."d${at}.example"]\nconnections = 5`).join(
      '\n',
    )
    expect(problemsOf(many)).toMatchObject([{ problem: 'has more than 2000 tables' }])
    const rules = Array.from(
      { length: 400 },
      (_, at) => `[[automation]]\nname = "a${at}"\nmatch = "x"\naction = "ignore"`,
    ).join('\n')
    expect(problemsOf(rules)).toMatchObject([{ problem: 'has more than 300 tables' }])
    expect(
      problemsOf(
        'x = 1\n'.replaceAll('x', 'a') + Array.from({ length: 500 }, (_, at) => `k${at} = 1`).join('\n'),
      ).length,
    ).toBeLessThanOrEqual(100)
  })
})

describe('overlays', () => {
  const setting = fc.record(
    {
      connections: fc.integer({ min: 1, max: 1_000 }),
      provider_connections: fc.integer({ min: 1, max: 10_000 }),
      connection_rate: fc.integer({ min: 1, max: 10_000 }).map((count) => `${count}/min`),
      message_rate: fc.integer({ min: 1, max: 10_000 }).map((count) => `${count}/h`),
      messages_per_connection: fc.integer({ min: 1, max: 100_000 }),
      recipients_per_transaction: fc.integer({ min: 1, max: 1_000 }),
      tls: fc.constantFrom('opportunistic', 'required'),
      idle: fc.integer({ min: 0, max: 300 }),
      max_ready: fc.integer({ min: 1, max: 10_000 }),
    },
    { requiredKeys: [] },
  )

  it('never loosen a limit, whatever they set', () => {
    fc.assert(
      fc.property(setting, setting, (mine, learnt) => {
        const limits = tightened(BUILT_IN, settingsFromJson(mine))
        const result = tightened(limits, settingsFromJson(learnt))
        expect(result.connections).toBeLessThanOrEqual(limits.connections)
        expect(result.providerConnections ?? Infinity).toBeLessThanOrEqual(
          limits.providerConnections ?? Infinity,
        )
        expect(result.messagesPerConnection).toBeLessThanOrEqual(limits.messagesPerConnection)
        expect(result.recipientsPerTransaction).toBeLessThanOrEqual(limits.recipientsPerTransaction)
        expect(result.idleSeconds).toBeLessThanOrEqual(limits.idleSeconds)
        expect(result.maxReady).toBeLessThanOrEqual(limits.maxReady)
        expect(perSecond(result.messageRate)).toBeLessThanOrEqual(perSecond(limits.messageRate))
        expect(perSecond(result.connectionRate)).toBeLessThanOrEqual(perSecond(limits.connectionRate))
        expect(limits.tls === 'required' && result.tls !== 'required').toBe(false)
      }),
    )
  })

  it('are kept in the database as they were', () => {
    fc.assert(
      fc.property(setting, (value) => {
        const settings = settingsFromJson(value)
        expect(settings.length).toBe(Object.keys(value).length)
        expect(settingsFromJson(JSON.parse(JSON.stringify(settingsToJson(settings))))).toEqual(settings)
      }),
    )
    const retry = settingsFromJson({ retry: { bulk: ['5m', '1h'] } })
    expect(settingsFromJson(settingsToJson(retry))).toEqual(retry)
  })
})

function perSecond(rate: { count: number; perSeconds: number } | null): number {
  return rate === null ? Infinity : rate.count / rate.perSeconds
}
