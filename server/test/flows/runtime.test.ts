import { chmodSync, chownSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { pathDigest } from '../../src/platform/postgres/index.ts'
import { makeDirectory } from '../support/cluster.ts'
import { childrenOf, freeAddresses, lives, startSupervisor } from '../support/supervisor.ts'
import type { RunningSupervisor } from '../support/supervisor.ts'

// A first start makes a PostgreSQL cluster and all processes: on a busy machine more than the usual 30 s.
vi.setConfig({ testTimeout: 90_000 })

const isRoot = process.getuid?.() === 0
const running: RunningSupervisor[] = []
const directories: string[] = []

/** A data directory for a run; `hidden` puts it below one that only this user may enter. */
function dataBelow(hidden: boolean): string {
  const directory = makeDirectory('runtime')
  directories.push(directory)
  chmodSync(directory, hidden ? 0o700 : 0o755)
  return join(directory, 'data')
}

async function start(env: Record<string, string>): Promise<RunningSupervisor> {
  const supervisor = startSupervisor(env)
  running.push(supervisor)
  await supervisor.saw(/Bulkhead is running|✗/)
  expect(supervisor.output()).toContain('Bulkhead is running')
  return supervisor
}

function postgresOf(supervisor: RunningSupervisor): number {
  return childrenOf(supervisor.pid).find((item) => item.command.includes('bin/postgres'))!.pid
}

afterEach(async () => {
  for (const supervisor of running.splice(0)) {
    if (supervisor.child.exitCode === null && supervisor.child.signalCode === null)
      supervisor.child.kill('SIGTERM')
    await supervisor.exited
  }
  for (const directory of directories.splice(0)) {
    const digest = pathDigest(join(directory, 'data'))
    rmSync(directory, { recursive: true, force: true })
    rmSync(join(tmpdir(), `bulkhead-${digest}`), { recursive: true, force: true })
    rmSync(join('/var/lib/bulkhead', digest), { recursive: true, force: true })
  }
})

describe.runIf(process.platform === 'linux')('npm start', () => {
  it('starts on an empty directory, refuses a second start on it, and stops cleanly on Ctrl-C', async () => {
    const env = { ...(await freeAddresses()), BULKHEAD_DATA: dataBelow(false) }
    const supervisor = await start(env)
    expect(supervisor.output()).toMatch(/✓ PostgreSQL \d+ ready/)
    const children = childrenOf(supervisor.pid)

    const second = startSupervisor({ ...env, ...(await freeAddresses()) })
    expect(await second.exited).toBe(1)
    expect(second.output()).toContain(`running already on ${env.BULKHEAD_DATA} (process ${supervisor.pid})`)

    supervisor.child.kill('SIGINT')
    supervisor.child.kill('SIGINT')
    expect(await supervisor.exited).toBe(0)
    expect(supervisor.output()).toContain('Stopped (')
    expect(children.filter((item) => lives(item.pid))).toEqual([])
    expect(existsSync(join(env.BULKHEAD_DATA, 'supervisor.json'))).toBe(false)
  })

  it('brings back whatever is killed: a process, PostgreSQL, the supervisor, everything', async () => {
    const env = { ...(await freeAddresses()), BULKHEAD_DATA: dataBelow(false) }
    const first = await start(env)
    for (const { pid } of childrenOf(first.pid).filter((item) => item.command.includes('/src/'))) {
      const mark = first.output().length
      process.kill(pid, 'SIGKILL')
      await first.saw(/ended \(SIGKILL\); it starts again/, mark)
    }
    const mark = first.output().length
    process.kill(postgresOf(first), 'SIGKILL')
    await first.saw(/PostgreSQL \d+ ready again/, mark)

    // The supervisor alone: the processes notice, PostgreSQL stays behind and is stopped by the next start.
    const orphan = postgresOf(first)
    const orphans = childrenOf(first.pid).filter((item) => item.pid !== orphan)
    first.child.kill('SIGKILL')
    await first.exited
    await expect.poll(() => orphans.filter((item) => lives(item.pid)), { timeout: 14_000 }).toEqual([])
    expect(lives(orphan)).toBe(true)
    const second = await start(env)
    expect(second.output()).toContain(`process ${orphan}`)
    expect(lives(orphan)).toBe(false)
    expect(second.output()).toContain('Database is up to date')

    const everything = childrenOf(second.pid)
    for (const { pid } of [...everything, { pid: second.pid }]) process.kill(pid, 'SIGKILL')
    await second.exited
    const third = await start(env)
    expect(third.output()).toContain('Database is up to date')
    third.child.kill('SIGTERM')
    expect(await third.exited).toBe(0)
  }, 90_000)

  it('stops when its launcher is gone', async () => {
    const supervisor = await start({ ...(await freeAddresses()), BULKHEAD_DATA: dataBelow(false) })
    supervisor.child.disconnect()
    expect(await supervisor.exited).toBe(0)
  })

  it.runIf(isRoot)(
    'works for root below a directory that nobody else may enter, and says where the database is',
    async () => {
      const env = { ...(await freeAddresses()), BULKHEAD_DATA: dataBelow(true) }
      const supervisor = await start(env)
      const place = readFileSync(join(env.BULKHEAD_DATA, 'postgres.location'), 'utf8').trim()
      expect(supervisor.output()).toContain(`the database is kept in ${place}/data`)
      supervisor.child.kill('SIGTERM')
      expect(await supervisor.exited).toBe(0)
      const again = await start(env)
      expect(again.output()).toContain('Database is up to date')
    },
  )

  it('names a port that is in use, and the variable to change', async () => {
    const taken = createServer().listen(0, '127.0.0.1')
    await once(taken, 'listening')
    const { port } = taken.address() as AddressInfo
    const supervisor = startSupervisor({
      ...(await freeAddresses()),
      BULKHEAD_SUBMISSION: `127.0.0.1:${port}`,
      BULKHEAD_DATA: dataBelow(false),
    })
    expect(await supervisor.exited).toBe(1)
    expect(supervisor.output()).toMatch(new RegExp(`127.0.0.1:${port} is in use .*BULKHEAD_SUBMISSION`))
    taken.close()
  })

  it('names every problem with the configuration before it touches anything', async () => {
    const data = dataBelow(false)
    const supervisor = startSupervisor({ BULKHEAD_DATA: data, BULKHEAD_HTPP: 'x', BULKHEAD_SENDERS: 'many' })
    expect(await supervisor.exited).toBe(1)
    expect(supervisor.output()).toMatch(
      /did you mean BULKHEAD_HTTP\?[^]*BULKHEAD_SENDERS "many"|BULKHEAD_SENDERS "many"[^]*BULKHEAD_HTTP\?/,
    )
    expect(existsSync(data)).toBe(false)
  })

  it('refuses a database of another PostgreSQL version instead of breaking it', async () => {
    const data = dataBelow(false)
    const cluster = join(data, 'postgres')
    mkdirSync(join(data, 'secrets'), { recursive: true })
    mkdirSync(cluster)
    writeFileSync(join(cluster, 'PG_VERSION'), '12\n')
    writeFileSync(join(data, 'secrets/postgres.json'), '{"superuser":"a","owner":"b"}')
    if (isRoot) chownSync(cluster, 65_534, 65_534)
    const supervisor = startSupervisor({ ...(await freeAddresses()), BULKHEAD_DATA: data })
    expect(await supervisor.exited).toBe(1)
    expect(supervisor.output()).toMatch(/made by PostgreSQL 12, but this version brings PostgreSQL 18/)
  })
})
