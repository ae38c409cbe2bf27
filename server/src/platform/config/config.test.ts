import { X509Certificate } from 'node:crypto'
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect, createServer } from 'node:tls'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ConfigError, loadConfig, mayLeaveSensitive } from './config.ts'
import { SETTINGS, configurationTable } from './settings.ts'
import { createSelfSigned } from './self-signed.ts'
import { loadTlsMaterial } from './tls-material.ts'
import { parseListenAddress, parseOutbound } from './values.ts'

function problemsOf(env: Record<string, string>): readonly string[] {
  try {
    loadConfig(env)
  } catch (error) {
    if (error instanceof ConfigError) return error.problems
    throw error
  }
  return []
}

const rangeOf = (url: string) => loadConfig({ BULKHEAD_BREACHED_RANGE_URL: url }).breachedRangeUrl

describe('configuration', () => {
  it('is complete without any variable', () => {
    const config = loadConfig({ PATH: '/bin' })
    expect(config).toMatchObject({
      mode: 'development',
      http: { host: '127.0.0.1', port: 8600 },
      submission: { host: '127.0.0.1', port: 8587 },
      submissions: { host: '127.0.0.1', port: 8465 },
      inbound: { host: '127.0.0.1', port: 8525 },
      staff: { host: '127.0.0.1', port: 8082 },
      metrics: { host: '127.0.0.1', port: 9464 },
      otlpUrl: null,
      traceSample: 0.01,
      outbound: { kind: 'capture' },
      databaseUrl: null,
      retryScale: 1,
      allowPrivateTargets: true,
      senders: 1,
      publicUrl: 'http://localhost:8600',
    })
    expect(config.dataDirectory.endsWith('/.bulkhead')).toBe(true)
  })

  it.each([
    ['direct', {}, true],
    ['smtp://relay.test', {}, false],
    ['smtp://relay.test', { BULKHEAD_SENSITIVE_VIA_RELAY: 'on' }, true],
    ['capture', {}, true],
    [
      'capture',
      { BULKHEAD_MODE: 'production', BULKHEAD_TLS_CERT: '/c.pem', BULKHEAD_TLS_KEY: '/k.pem' },
      false,
    ],
  ])('shows sensitive mail to no third party by default: %s %o', (outbound, env, expected) => {
    expect(mayLeaveSensitive(loadConfig({ BULKHEAD_OUTBOUND: outbound, ...env }))).toBe(expected)
  })

  it('takes the roots of the keyring as they are written, and refuses what is none', () => {
    const root = 'pkcs11:module=/x.so;token=a;label=b'
    const config = loadConfig({
      BULKHEAD_KEYRING_ROOT: root,
      BULKHEAD_KEYRING_PREVIOUS_ROOT: '/a.key | file:/b.key',
    })
    expect([config.keyringRoot, config.keyringPreviousRoot]).toEqual([root, '/a.key | file:/b.key'])
    expect(problemsOf({ BULKHEAD_KEYRING_ROOT: 'root.key' })).toEqual([
      expect.stringContaining('BULKHEAD_KEYRING_ROOT "root.key" is not valid: write file:/path'),
    ])
    const hidden = loadConfig({ BULKHEAD_KEYRING_PIN: '4711-4711' })
    expect(JSON.stringify(hidden)).not.toContain('4711')
  })

  it('cannot be changed after it is loaded', () => {
    const config = loadConfig({})
    expect(() => Object.assign(config.http, { port: 1 })).toThrow(TypeError)
    expect(() => Object.assign(config, { mode: 'production' })).toThrow(TypeError)
  })

  it('names every problem at once, with the value and what to write instead', () => {
    const problems = problemsOf({
      BULKHEAD_MODE: 'staging',
      BULKHEAD_HTTP: 'localhost',
      BULKHEAD_RETRY_SCALE: '-1',
      BULKHEAD_SENDERS: '1.5',
    })
    expect(problems).toHaveLength(4)
    expect(problems[1]).toContain('BULKHEAD_HTTP "localhost" is not valid: write host:port')
  })

  it('refuses a misspelt variable and names the nearest one', () => {
    expect(problemsOf({ BULKHEAD_HTPP: '127.0.0.1:1' })).toEqual([
      'BULKHEAD_HTPP is not a setting: did you mean BULKHEAD_HTTP?',
    ])
  })

  it('never repeats a secret, neither in an error nor when it is printed', () => {
    const secret = 'hunter2-hunter2'
    const problems = problemsOf({
      BULKHEAD_DATABASE_URL: `mysql://me:${secret}@db/x`,
      BULKHEAD_OUTBOUND: `smtp://me:${secret}@:99999`,
    })
    expect(problems).toHaveLength(2)
    expect(problems.join()).not.toContain(secret)
    const config = loadConfig({
      BULKHEAD_DATABASE_URL: `postgres://me:${secret}@db/x`,
      BULKHEAD_OUTBOUND: `smtps://me:${secret}@relay.example`,
    })
    expect(JSON.stringify(config)).not.toContain(secret)
    expect(config.databaseUrl?.reveal()).toContain(secret)
  })

  it('asks production for a certificate and refuses it a setup file', () => {
    expect(problemsOf({ BULKHEAD_MODE: 'production', BULKHEAD_SETUP_FILE: '/tmp/x' })).toHaveLength(2)
    expect(problemsOf({ BULKHEAD_TLS_CERT: '/tmp/x' })[0]).toContain('BULKHEAD_TLS_KEY is unset')
    const config = loadConfig({
      BULKHEAD_MODE: 'production',
      BULKHEAD_TLS_CERT: '/c',
      BULKHEAD_TLS_KEY: '/k',
    })
    expect(config.allowPrivateTargets).toBe(false)
    expect(config.tls).toEqual({ certFile: '/c', keyFile: '/k' })
  })

  it('reads relays with and without TLS and credentials', () => {
    expect(parseOutbound('smtp://127.0.0.1:2525')).toMatchObject({
      host: '127.0.0.1',
      port: 2525,
      auth: null,
    })
    expect(parseOutbound('smtps://a%40b:p%3A@relay.test')).toMatchObject({
      port: 465,
      auth: { username: 'a@b' },
    })
    for (const bad of ['smtp://', 'smtp://h/path', 'smtp://u@h', 'http://h', 'smtp://h?x=1', 'smtp://h:0']) {
      expect(parseOutbound(bad), bad).toBeNull()
    }
  })

  it('asks a range service only where nobody on the way can answer for it', () => {
    expect(loadConfig({}).breachedRangeUrl).toBeNull()
    expect(rangeOf('https://api.pwnedpasswords.com/range/')).toBe('https://api.pwnedpasswords.com/range')
    expect(rangeOf('http://127.0.0.1:9000/range')).toBe('http://127.0.0.1:9000/range')
    for (const bad of [
      'http://api.pwnedpasswords.com/range',
      'ftp://x/',
      'https://a:b@x/',
      'https://x/?q=1',
      'x',
    ])
      expect(() => rangeOf(bad), bad).toThrow(/BULKHEAD_BREACHED_RANGE_URL .* write an https URL/)
  })

  it('survives any text in any variable', () => {
    const names = Object.values(SETTINGS).map((item) => item.name)
    fc.assert(
      fc.property(fc.constantFrom(...names), fc.string({ maxLength: 300 }), (name, value) => {
        try {
          loadConfig({ [name]: value })
        } catch (error) {
          expect(error).toBeInstanceOf(ConfigError)
        }
      }),
      { numRuns: 300 },
    )
    expect(parseListenAddress('[::1]:25')).toEqual({ host: '::1', port: 25 })
    expect(parseListenAddress('[nonsense]:25')).toBeNull()
    expect(parseListenAddress('a:70000')).toBeNull()
  })

  it('is documented setting by setting', () => {
    const table = configurationTable()
    for (const item of Object.values(SETTINGS)) expect(table).toContain(`| \`${item.name}\` |`)
  })
})

describe('TLS material', () => {
  it('is made once in development, private, and usable by a TLS peer that trusts it', async () => {
    const dataDirectory = mkdtempSync(join(tmpdir(), 'bulkhead-tls-'))
    const config = { tls: null, dataDirectory, hostname: 'mail.test' }
    const material = loadTlsMaterial(config)
    expect(loadTlsMaterial(config)).toEqual(material)
    expect(statSync(join(dataDirectory, 'tls/development-key.pem')).mode & 0o077).toBe(0)
    const server = createServer(material, (socket) => socket.end('ok'))
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
    const { port } = server.address() as { port: number }
    const text = await new Promise<string>((done, fail) => {
      const socket = connect({ port, host: '127.0.0.1', servername: 'mail.test', ca: material.cert })
      socket.once('data', (data) => done(data.toString()))
      socket.once('error', fail)
    })
    expect(text).toBe('ok')
    await new Promise((done) => server.close(done))
    rmSync(dataDirectory, { recursive: true })
  })

  it('is renewed before it ends', () => {
    const dataDirectory = mkdtempSync(join(tmpdir(), 'bulkhead-tls-'))
    const config = { tls: null, dataDirectory, hostname: 'mail.test' }
    const first = loadTlsMaterial(config)
    const later = loadTlsMaterial(config, () => Date.now() + 799 * 86_400_000)
    expect(later.cert).not.toBe(first.cert)
    rmSync(dataDirectory, { recursive: true })
  })

  it('refuses files that are absent, broken or do not belong together', () => {
    const directory = mkdtempSync(join(tmpdir(), 'bulkhead-tls-'))
    const period = { notBefore: new Date(), notAfter: new Date(Date.now() + 86_400_000) }
    const one = createSelfSigned({ names: ['one.test', '127.0.0.1', '2001:db8::5'], ...period })
    const two = createSelfSigned({ names: ['two.test'], ...period })
    expect(new X509Certificate(one.certificatePem).subjectAltName).toBe(
      'DNS:one.test, IP Address:127.0.0.1, IP Address:2001:DB8:0:0:0:0:0:5',
    )
    const certFile = join(directory, 'cert.pem')
    const keyFile = join(directory, 'key.pem')
    const load = () =>
      loadTlsMaterial({ tls: { certFile, keyFile }, dataDirectory: directory, hostname: 'x' })
    expect(load).toThrow(/BULKHEAD_TLS_CERT .* cannot be read/)
    writeFileSync(certFile, one.certificatePem)
    writeFileSync(keyFile, two.privateKeyPem)
    expect(load).toThrow(/does not belong/)
    writeFileSync(keyFile, 'nonsense')
    expect(load).toThrow(/not a PEM file/)
    writeFileSync(keyFile, one.privateKeyPem)
    expect(load().selfSigned).toBe(false)
    rmSync(directory, { recursive: true })
  })
})
