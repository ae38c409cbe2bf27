import { X509Certificate } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { certificate, der, tlsa } from '../../../../test/support/certificates.ts'
import type { Certificate, CertificateOptions } from '../../../../test/support/certificates.ts'
import { run, serve } from '../../../../test/support/smtp-run.ts'
import { readExtensions, readPublicKeyInfo } from './certificate-der.ts'
import { pathsUpwards } from './certificate-path.ts'
import type { SmtpTlsOptions, TlsaRecord } from './index.ts'
import { matchesName } from './verdict.ts'

const HOST = 'mx.there.example'
const DAY_MS = 86_400_000
const PAST = { validFromMs: Date.now() - 9 * DAY_MS, validToMs: Date.now() - DAY_MS }
const root = certificate({ subject: 'root', ca: true })
const middle = certificate({ subject: 'middle', issuer: root, ca: true, pathLength: 0 })
const leaf = certificate({ subject: 'leaf', issuer: middle, names: [HOST] })
const chain = [leaf, middle]

const is = (name: string, ...presented: string[]) =>
  matchesName(new X509Certificate(leafWith({ names: presented }).raw), name, 'never')

/** One message to a server that presents these certificates: how it proved its name, or the failure; and the word for reports. */
async function meet([own, ...above]: readonly Certificate[], tls: SmtpTlsOptions): Promise<string> {
  const cert = [own, ...above].map((each) => each?.cert ?? '').join('')
  const { kinds, reason, infos, left } = await run(
    async (p) => {
      await p.greet('STARTTLS', 'PIPELINING')
      await p.line()
      p.send('220 go\r\n')
      await p.secure({ key: own?.key, cert }).catch(() => {})
      await p.ehlo('PIPELINING')
      await serve(p)
    },
    [1],
    { tls },
  )
  if (kinds.length === 0) {
    // No job is pulled for a peer that failed, and STARTTLS is where it did.
    expect(reason).toMatchObject({ kind: 'failed', stage: 'starttls', tlsFailed: true, temporary: true })
    expect(left).toBe(1)
    return reason.tlsFailure ?? 'no word'
  }
  expect(kinds).toEqual(['1 delivered'])
  return [infos[0]?.tls?.authenticated, infos[0]?.tlsFailure].filter(Boolean).join(' ')
}

const pkix = (names: readonly string[], ca: Certificate = root) =>
  ({ mode: 'required', verify: { kind: 'pkix', names, ca: ca.cert } }) as const
const dane = (records: readonly TlsaRecord[], names: readonly string[] = [HOST]) =>
  ({ mode: 'required', verify: { kind: 'dane', records, names } }) as const

const leafWith = (over: Partial<CertificateOptions>) =>
  certificate({ subject: 'leaf', issuer: middle, names: [HOST], ...over })

describe('PKIX', () => {
  it.each<[string, readonly Certificate[], SmtpTlsOptions, string]>([
    ['the right name under a trusted root', chain, pkix([HOST]), 'pkix'],
    ['one of several names', chain, pkix(['other.example', HOST]), 'pkix'],
    [
      'an address where one was asked for',
      [leafWith({ names: ['192.0.2.7'] }), middle],
      pkix(['192.0.2.7']),
      'pkix',
    ],
    ['another name', chain, pkix(['mx.other.example']), 'certificate-host-mismatch'],
    ['no name to compare', chain, pkix([]), 'certificate-host-mismatch'],
    [
      'the name only as common name',
      [leafWith({ subject: HOST, names: [] }), middle],
      pkix([HOST]),
      'certificate-host-mismatch',
    ],
    ['expired', [leafWith(PAST), middle], pkix([HOST]), 'certificate-expired'],
    [
      'not valid yet',
      [leafWith({ validFromMs: Date.now() + DAY_MS, validToMs: Date.now() + 2 * DAY_MS }), middle],
      pkix([HOST]),
      'certificate-not-trusted',
    ],
    [
      'an unknown root',
      chain,
      pkix([HOST], certificate({ subject: 'root', ca: true })),
      'certificate-not-trusted',
    ],
    ['a missing certificate between', [leaf], pkix([HOST]), 'certificate-not-trusted'],
    [
      'signed by itself',
      [certificate({ subject: HOST, names: [HOST] })],
      pkix([HOST]),
      'certificate-not-trusted',
    ],
    ['a forged signature', [leafWith({ forged: true }), middle], pkix([HOST]), 'certificate-not-trusted'],
    [
      'for clients only',
      [leafWith({ purpose: '2b06010505070302' }), middle],
      pkix([HOST]),
      'certificate-not-trusted',
    ],
  ])('%s', async (_name, presented, tls, expected) => {
    expect(await meet(presented, tls)).toBe(expected)
  })

  it('without roots of its own trusts no private one', async () => {
    const tls = { mode: 'required', verify: { kind: 'pkix', names: [HOST] } } as const
    expect(await meet([...chain, root], tls)).toBe('certificate-not-trusted')
  })

  it('with verify none takes any certificate and says so', async () => {
    expect(await meet([leafWith(PAST)], { mode: 'required', verify: 'none' })).toBe('none')
  })

  it('opportunistic with a check goes on whatever comes out, and reports it (MTA-STS testing)', async () => {
    const check = { kind: 'pkix', names: [HOST], ca: root.cert } as const
    expect(await meet(chain, { mode: 'opportunistic', check })).toBe('pkix')
    expect(await meet([leafWith(PAST), middle], { mode: 'opportunistic', check })).toBe(
      'none certificate-expired',
    )
    expect(await meet(chain, { mode: 'opportunistic' })).toBe('none')
  })

  it('a wildcard stands for the whole left-most label and for nothing else', () => {
    expect(is('mx.mail.example', '*.mail.example')).toBe(true)
    expect(is('MX.Mail.Example.', '*.mail.EXAMPLE')).toBe(true)
    expect(is('a.b.mail.example', '*.mail.example')).toBe(false)
    expect(is('mail.example', '*.mail.example')).toBe(false)
    expect(is('mx1.mail.example', 'mx*.mail.example')).toBe(false)
    expect(is('mx.mail.example', 'mx.*.example')).toBe(false)
    expect(is('mx.mail.example', '*.*.example')).toBe(false)
    expect(is('mx.example', '*')).toBe(false)
    expect(is('example', '*')).toBe(false)
    // Asked names that are no names: OpenSSL would take the first for "anything below".
    for (const name of ['.mail.example', '', '*.mail.example', 'mx.mail.example\0', 'a b', 'x'.repeat(300)])
      expect(is(name, 'mx.mail.example', '*.mail.example'), JSON.stringify(name)).toBe(false)
    expect(is('192.0.2.7', '192.0.2.7')).toBe(true)
    expect(is('192.0.2.8', '192.0.2.7')).toBe(false)
  })

  it('a name with a NUL inside is another name', () => {
    const evil = certificate({ subject: 'x', names: ['mx.there.example\0.evil.example'] })
    expect(matchesName(new X509Certificate(evil.raw), HOST, 'default')).toBe(false)
  })
})

describe('DANE-EE', () => {
  it.each([
    [0, 0],
    [0, 1],
    [0, 2],
    [1, 0],
    [1, 1],
    [1, 2],
  ])('selector %i, matching type %i', async (selector, matchingType) => {
    expect(await meet(chain, dane([tlsa(3, selector, matchingType, leaf)], []))).toBe('dane-ee')
    expect(await meet(chain, dane([tlsa(3, selector, matchingType, leafWith({}))], []))).toBe(
      'validation-failure',
    )
  })

  it('asks for no name, date or authority', async () => {
    const bare = certificate({ subject: 'x', names: ['elsewhere.example'], ...PAST })
    expect(await meet([bare], dane([tlsa(3, 1, 1, bare)], [HOST]))).toBe('dane-ee')
  })

  it('takes one record of several, as while keys roll over', async () => {
    const old = leafWith({})
    expect(await meet(chain, dane([tlsa(3, 1, 1, old), tlsa(3, 1, 1, leaf), tlsa(2, 0, 1, old)]))).toBe(
      'dane-ee',
    )
  })

  it('a certificate above the server’s own does not match', async () => {
    expect(await meet(chain, dane([tlsa(3, 1, 1, middle)]))).toBe('validation-failure')
  })

  it('only the strongest digest counts (RFC 7671 §9)', async () => {
    const other = leafWith({})
    expect(await meet(chain, dane([tlsa(3, 1, 1, leaf), tlsa(3, 1, 2, other)]))).toBe('validation-failure')
    // Per selector; and a digest of the wrong length is no stronger one.
    expect(await meet(chain, dane([tlsa(3, 0, 1, leaf), tlsa(3, 1, 2, other)]))).toBe('dane-ee')
    const short = { usage: 3, selector: 1, matchingType: 2, data: Buffer.alloc(32) }
    expect(await meet(chain, dane([tlsa(3, 1, 1, leaf), short]))).toBe('dane-ee')
  })

  it('records of which none is usable ask for TLS and prove nothing (RFC 7672 §2.2)', async () => {
    const unusable = [
      tlsa(0, 0, 1, leaf),
      tlsa(1, 1, 1, leaf),
      tlsa(4, 1, 1, leaf),
      { ...tlsa(3, 1, 1, leaf), selector: 2 },
      { ...tlsa(3, 1, 1, leaf), matchingType: 3 },
      { ...tlsa(3, 1, 1, leaf), data: Buffer.alloc(31) },
      { usage: 3, selector: 0, matchingType: 0, data: Buffer.alloc(0) },
    ]
    expect(await meet(chain, dane(unusable))).toBe('none tlsa-invalid')
    expect(await meet(chain, dane([...unusable, tlsa(3, 1, 1, leaf)]))).toBe('dane-ee')
    const { reason } = await run((p) => p.greet('PIPELINING'), [1], { tls: dane(unusable) })
    expect(reason).toMatchObject({ tlsFailed: true, tlsFailure: 'starttls-not-supported' })
  })
})

describe('DANE-TA', () => {
  const rootPresented = [leaf, middle, root]
  const served = (over: Partial<CertificateOptions>) => [leafWith(over), middle]
  const under = (over: Partial<CertificateOptions>) => {
    const issuer = certificate({ subject: 'between', issuer: root, ca: true, ...over })
    return [leafWith({ issuer }), issuer, root]
  }
  const stale = certificate({ subject: 'stale', ca: true, ...PAST })
  const noCa = certificate({ subject: 'no-ca' })
  const nameConstraints = der(0x30, der(0xa0, der(0x30, der(0x82, Buffer.from('there.example')))))
  const cases: [string, readonly Certificate[], SmtpTlsOptions, string][] = [
    ['the authority right above', chain, dane([tlsa(2, 0, 1, middle)]), 'dane-ta'],
    ['the key of the authority right above', chain, dane([tlsa(2, 1, 2, middle)]), 'dane-ta'],
    ['a root that is presented', rootPresented, dane([tlsa(2, 1, 1, root)]), 'dane-ta'],
    ['certificates in a mixed order', [leaf, root, middle], dane([tlsa(2, 0, 2, root)]), 'dane-ta'],
    ['a root that is only in the record', chain, dane([tlsa(2, 0, 0, root)]), 'dane-ta'],
    [
      'a root that is only in the record, and expired',
      [certificate({ subject: 'z', issuer: stale, names: [HOST] })],
      dane([tlsa(2, 0, 0, stale)]),
      'certificate-expired',
    ],
    [
      'a root that is only in the record, and no CA',
      [certificate({ subject: 'z', issuer: noCa, names: [HOST] })],
      dane([tlsa(2, 0, 0, noCa)]),
      'certificate-not-trusted',
    ],
    [
      'a root in the record that signed nothing',
      chain,
      dane([tlsa(2, 0, 0, stale)]),
      'certificate-not-trusted',
    ],
    ['a key that is only in the record', chain, dane([tlsa(2, 1, 0, root)]), 'dane-ta'],
    ['an authority that nobody presents', chain, dane([tlsa(2, 1, 1, root)]), 'validation-failure'],
    [
      'the common name where there is no DNS name',
      served({ subject: HOST, names: [] }),
      dane([tlsa(2, 1, 1, middle)]),
      'dane-ta',
    ],
    ['another name', chain, dane([tlsa(2, 1, 1, middle)], ['mx.other.example']), 'certificate-host-mismatch'],
    ['an expired certificate', served(PAST), dane([tlsa(2, 1, 1, middle)]), 'certificate-expired'],
    ['an expired authority between', under(PAST), dane([tlsa(2, 1, 1, root)]), 'certificate-expired'],
    [
      'a certificate that the authority did not sign',
      served({ forged: true }),
      dane([tlsa(2, 1, 1, middle)]),
      'certificate-not-trusted',
    ],
    [
      'an authority that is only sent along',
      [certificate({ subject: 'x', names: [HOST] }), middle],
      dane([tlsa(2, 1, 1, middle)]),
      'certificate-not-trusted',
    ],
    [
      'a key in the record that signed nothing',
      chain,
      dane([tlsa(2, 1, 0, leafWith({}))]),
      'validation-failure',
    ],
    [
      'junk in the record',
      chain,
      dane([{ usage: 2, selector: 0, matchingType: 0, data: Buffer.from('junk') }]),
      'validation-failure',
    ],
    [
      'the server’s own certificate named as authority',
      chain,
      dane([tlsa(2, 1, 1, leaf)]),
      'validation-failure',
    ],
    [
      'an authority that is no CA',
      under({ ca: false }),
      dane([tlsa(2, 1, 1, root)]),
      'certificate-not-trusted',
    ],
    [
      'a path as long as the authority between allows',
      [leafWith({ issuer: middle }), middle, root],
      dane([tlsa(2, 1, 1, root)]),
      'dane-ta',
    ],
    [
      'a purpose that is not TLS servers',
      served({ purpose: '2b06010505070302' }),
      dane([tlsa(2, 1, 1, middle)]),
      'certificate-not-trusted',
    ],
    [
      'a critical extension that nobody knows',
      served({ extensions: [['2a0304', true, der(0x05)]] }),
      dane([tlsa(2, 1, 1, middle)]),
      'certificate-not-trusted',
    ],
    [
      'an unknown extension that is not critical',
      served({ extensions: [['2a0304', false, der(0x05)]] }),
      dane([tlsa(2, 1, 1, middle)]),
      'dane-ta',
    ],
    [
      'name constraints',
      under({ extensions: [['551d1e', true, nameConstraints]] }),
      dane([tlsa(2, 1, 1, root)]),
      'certificate-not-trusted',
    ],
    ['SHA-1', served({ digest: 'sha1' }), dane([tlsa(2, 1, 1, middle)]), 'certificate-not-trusted'],
    [
      'SHA-1 under a key in the record',
      [certificate({ subject: 'y', issuer: root, names: [HOST], digest: 'sha1' })],
      dane([tlsa(2, 1, 0, root)]),
      'certificate-not-trusted',
    ],
  ]
  it.each(cases)('%s', async (_name, presented, tls, expected) => {
    expect(await meet(presented, tls)).toBe(expected)
  })

  it('an authority that allows no other below it is obeyed', async () => {
    const strict = certificate({ subject: 'strict', ca: true, pathLength: 0 })
    const below = certificate({ subject: 'below', issuer: strict, ca: true })
    const presented = [leafWith({ issuer: below }), below, strict]
    expect(await meet(presented, dane([tlsa(2, 1, 1, strict)]))).toBe('certificate-not-trusted')
    expect(await meet(presented, dane([tlsa(2, 1, 1, below)]))).toBe('dane-ta')
  })

  it('a chain that leads round in circles ends after few signatures', () => {
    const first = certificate({ subject: 'loop', ca: true })
    const loop = Array.from({ length: 9 }, () => certificate({ subject: 'loop', ca: true, keyOf: first }))
    const [own, ...rest] = [first, ...loop].map((each) => new X509Certificate(each.raw))
    if (own === undefined) throw new Error('no certificate')
    expect([...pathsUpwards([own, ...rest])].length).toBeLessThanOrEqual(41)
  })
})

describe('DER', () => {
  it('reads what stands in a certificate', () => {
    expect(readExtensions(middle.raw)).toEqual({
      pathLength: 0,
      nameConstraints: false,
      unknownCritical: undefined,
    })
    expect(readPublicKeyInfo(leaf.raw).equals(leaf.spki)).toBe(true)
  })

  it('throws for anything else, in bounded time', () => {
    for (let cut = 0; cut < leaf.raw.length; cut += 7) {
      const broken = leaf.raw.subarray(0, cut)
      expect(() => readExtensions(broken)).toThrow()
      expect(() => readPublicKeyInfo(broken)).toThrow()
    }
    for (const junk of ['', '30', '3080', '30840fffffff', '3005300330', '0500'])
      expect(() => readPublicKeyInfo(Buffer.from(junk, 'hex')), junk).toThrow()
  })
})

describe('REQUIRETLS', () => {
  const ask = async (tls: SmtpTlsOptions, ...extensions: string[]) => {
    const { outcomes, peer } = await run(
      async (p) => {
        await p.greet('STARTTLS', ...extensions)
        if (tls.mode !== 'none') {
          await p.line()
          p.send('220 go\r\n')
          await p.secure({ key: leaf.key, cert: leaf.cert })
          await p.ehlo(...extensions)
        }
        await serve(p)
      },
      [{ n: 1, requireTls: true }],
      { tls },
    )
    return { outcome: outcomes[0]?.outcome, mail: peer?.received.match(/MAIL.*/)?.[0] }
  }
  const proved = dane([tlsa(3, 1, 1, leaf)])

  it('goes to a peer that has proved its name and announces it', async () => {
    const { outcome, mail } = await ask(proved, 'REQUIRETLS')
    expect(outcome?.kind).toBe('delivered')
    expect(mail).toBe('MAIL FROM:<from@example.com> REQUIRETLS')
  })

  it('is refused locally with 5.7.30 where it is not announced', async () => {
    const { outcome, mail } = await ask(proved, 'DSN')
    expect(outcome).toMatchObject({ kind: 'bounced', local: true, reply: { enhanced: '5.7.30' } })
    expect(mail).toBeUndefined()
  })

  it.each<[string, SmtpTlsOptions]>([
    ['in clear text', { mode: 'none' }],
    ['to a peer that proved nothing', { mode: 'opportunistic' }],
    ['to a peer with unusable TLSA records', dane([tlsa(1, 1, 1, leaf)])],
  ])('never goes %s: deferred locally with 4.7.10', async (_name, tls) => {
    const { outcome, mail } = await ask(tls, 'REQUIRETLS')
    expect(outcome).toMatchObject({ kind: 'deferred', local: true, reply: { enhanced: '4.7.10' } })
    expect(mail).toBeUndefined()
  })
})
