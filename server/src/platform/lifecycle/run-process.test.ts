import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { createTestDatabase } from '../../../test/support/database.ts'
import type { TestDatabase } from '../../../test/support/database.ts'
import { childEnvironment, takeHandover, writeHandover } from './index.ts'
import { openRuntimeDirectory } from './runtime-directory.ts'

interface Probe {
  readonly child: ChildProcess
  readonly ready: Promise<unknown>
  readonly ended: Promise<{ code: number | null; output: string }>
}

function startProbe(database: TestDatabase, env: Record<string, string> = {}): Probe {
  const handover = {
    databaseUrl: database.url.bulkhead_worker,
    keyring: { socketPath: '/nowhere', token: 'token' },
    runtimeDirectory: tmpdir(),
  }
  const child = fork(join(import.meta.dirname, '../../../test/support/probe-process.ts'), {
    env: { ...childEnvironment(process.env, 'worker', tmpdir()), ...writeHandover(handover), ...env },
    execArgv: [],
    silent: true,
  })
  let output = ''
  const outputEnds: Promise<unknown>[] = []
  for (const stream of [child.stdout, child.stderr]) {
    if (stream === null) continue
    stream.on('data', (chunk: Buffer) => (output += chunk.toString()))
    outputEnds.push(once(stream, 'end'))
  }
  return {
    child,
    ready: new Promise((resolve) => child.once('message', resolve)),
    // Not `close`: Node does not emit it after `disconnect()`.
    ended: once(child, 'exit').then(async ([code]: unknown[]) => {
      await Promise.all(outputEnds)
      return { code: typeof code === 'number' ? code : null, output }
    }),
  }
}

describe('runProcess', () => {
  it('reports ready, is listed while it lives, and drains on SIGTERM', async () => {
    await using database = await createTestDatabase()
    const probe = startProbe(database)
    expect(await probe.ready).toEqual({ type: 'ready', detail: { role: 'bulkhead_worker', secretsLeft: [] } })
    const list = () => database.pool('owner').query('select kind, pid, ready, detail from process')
    await expect
      .poll(async () => (await list()).rows)
      .toEqual([{ kind: 'worker', pid: probe.child.pid, ready: true, detail: { port: 25 } }])
    probe.child.kill('SIGTERM')
    const { code, output } = await probe.ended
    expect(code).toBe(0)
    expect(output).toMatch(/draining[^]*disposed/)
    expect((await list()).rows).toEqual([])
  })

  it('leaves Ctrl-C to its supervisor, and drains when that is gone', async () => {
    await using database = await createTestDatabase()
    const probe = startProbe(database)
    await probe.ready
    probe.child.kill('SIGINT')
    probe.child.disconnect()
    const { code, output } = await probe.ended
    expect(code).toBe(0)
    expect(output).toContain('the supervisor is gone')
  })

  it('survives a database that goes away', async () => {
    await using database = await createTestDatabase()
    const probe = startProbe(database)
    await probe.ready
    const beats = async () => {
      const { rows } = await database.pool('superuser').query('select heartbeat_at from process')
      return rows[0]?.['heartbeat_at'] as Date
    }
    await expect.poll(beats).toBeInstanceOf(Date)
    const before = await beats()
    await database.pool('superuser').query('alter table process rename to process_away')
    await expect.poll(() => probe.child.exitCode, { timeout: 2500, interval: 2400 }).toBeNull()
    await database.pool('superuser').query('alter table process_away rename to process')
    await expect.poll(async () => (await beats()) > before, { timeout: 6000 }).toBe(true)
    probe.child.kill('SIGTERM')
    expect((await probe.ended).code).toBe(0)
  })

  it('ends after an exception that nobody caught, without its text giving personal data away', async () => {
    await using database = await createTestDatabase()
    const probe = startProbe(database, { PROBE: 'crash' })
    const { code, output } = await probe.ended
    expect(code).toBe(1)
    expect(output).toContain('An unexpected error ends this process')
    expect(output).not.toContain('ann@example.com')
  })
})

describe('environment of a process', () => {
  it('holds only what the process needs', () => {
    const env = {
      PATH: '/bin',
      AWS_SECRET_ACCESS_KEY: 'x',
      BULKHEAD_DATABASE_URL: 'postgres://owner:secret@db/x',
      BULKHEAD_OUTBOUND: 'smtps://user:secret@relay.test:465',
      BULKHEAD_KEYRING_ROOT: 'vault:https://vault.test/transit/keys/a;token-file=/secret',
      BULKHEAD_KEYRING_PREVIOUS_ROOT: 'file:/secret/root.key',
      BULKHEAD_KEYRING_PIN: 'secret',
    }
    expect(JSON.stringify(childEnvironment(env, 'api', '/data'))).not.toContain('secret')
    expect(childEnvironment(env, 'api', '/data')).toEqual({
      PATH: '/bin',
      BULKHEAD_DATA: '/data',
      BULKHEAD_OUTBOUND: 'smtps://relay.test:465',
    })
    expect(childEnvironment(env, 'sender', '/data')).toMatchObject({
      BULKHEAD_OUTBOUND: env.BULKHEAD_OUTBOUND,
    })
    expect(childEnvironment(env, 'keyring', '/data')).toEqual({ PATH: '/bin' })
  })

  it('says how to start Bulkhead where it was not handed over', () => {
    expect(() => takeHandover({})).toThrow(/npm start/)
  })
})

describe('runtime directory', () => {
  it('is short and private', () => {
    const path = openRuntimeDirectory('0123456789')
    expect(path.length).toBeLessThan(85)
    rmSync(path, { recursive: true })
  })
})
