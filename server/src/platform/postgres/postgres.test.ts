import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inject, describe, expect, it } from 'vitest'
import { createTestDatabase } from '../../../test/support/database.ts'
import {
  createPool,
  ensureRoles,
  isCheckViolation,
  isConnectionError,
  isForeignKeyViolation,
  isUniqueViolation,
  migrate,
  withDatabase,
} from './index.ts'
import { createTenantTransactions } from './tenant.ts'

async function rejection(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => null,
    (error: unknown) => error,
  )
}

describe('pool', () => {
  it('reads int8 exactly or not at all, and dates without a time zone', async () => {
    await using database = await createTestDatabase()
    const pool = database.pool('owner')
    const { rows } = await pool.query(
      "select 9007199254740991::int8 as big, array[1, null]::int8[] as list, date '2026-02-03' as day, now() as at",
    )
    expect(rows[0]).toMatchObject({ big: 9_007_199_254_740_991, list: [1, null], day: '2026-02-03' })
    expect(rows[0]?.['at']).toBeInstanceOf(Date)
    await expect(pool.query('select 9007199254740993::int8')).rejects.toThrow(/beyond 2\^53/)
    expect((await pool.query('select 1 as one')).rows).toEqual([{ one: 1 }])
  })

  it('rolls a failed transaction back and hands its connection on usable', async () => {
    await using database = await createTestDatabase()
    await using pool = createPool({ url: database.ownerUrl, applicationName: 'test', max: 1 })
    await pool.query('create table probe (id int primary key check (id < 10), parent int references probe)')
    await pool.transaction((tx) => tx.query('insert into probe values (1)'))
    const unique = await rejection(
      pool.transaction(async (tx) => {
        await tx.query('insert into probe values (2)')
        await tx.query('insert into probe values (1)')
      }),
    )
    expect(isUniqueViolation(unique)).toBe(true)
    expect(isUniqueViolation(unique, 'probe_pkey')).toBe(true)
    expect(isUniqueViolation(unique, 'other')).toBe(false)
    expect(isCheckViolation(await rejection(pool.query('insert into probe values (11)')))).toBe(true)
    expect(isForeignKeyViolation(await rejection(pool.query('insert into probe values (3, 7)')))).toBe(true)
    expect((await pool.query('select id from probe')).rows).toEqual([{ id: 1 }])
    const readOnly = pool.transaction((tx) => tx.query('insert into probe values (4)'), { readOnly: true })
    await expect(readOnly).rejects.toThrow(/read-only/)
  })

  it('replaces a connection that the server cut, and says that it was cut', async () => {
    await using database = await createTestDatabase()
    await using pool = createPool({ url: database.ownerUrl, applicationName: 'victim', max: 1 })
    const cut = await rejection(
      pool.transaction(async (tx) => {
        const { rows } = await tx.query<{ pid: number }>('select pg_backend_pid() as pid')
        await database.pool('superuser').query('select pg_terminate_backend($1)', [rows[0]?.pid])
        await tx.query('select 1')
      }),
    )
    expect(isConnectionError(cut)).toBe(true)
    expect((await pool.query('select 1 as one')).rows).toEqual([{ one: 1 }])
  })

  it('calls an absent server a connection error', async () => {
    await using pool = createPool({ url: 'postgresql://a:b@127.0.0.1:1/x', applicationName: 'test' })
    expect(isConnectionError(await rejection(pool.query('select 1')))).toBe(true)
  })
})

describe('a read of a workspace', () => {
  it('sees one instant in all of its statements, and the next one sees what was committed meanwhile', async () => {
    await using database = await createTestDatabase()
    const pool = database.pool('owner')
    await pool.query('create table probe (id int primary key)')
    const transactions = createTenantTransactions(pool)
    const read = (between: () => Promise<unknown>) =>
      transactions.read(randomUUID(), async (db) => {
        const first = await db.query('select id from probe')
        await between()
        return [first.length, (await db.query('select id from probe')).length]
      })
    expect(await read(() => pool.query('insert into probe values (1)'))).toEqual([0, 0])
    expect(await read(() => Promise.resolve())).toEqual([1, 1])
  })
})

describe('migrations', () => {
  it('are applied once, in order, each wholly or not at all', async () => {
    await using database = await createTestDatabase()
    const path = mkdtempSync(join(tmpdir(), 'bulkhead-migrations-'))
    const lines: string[] = []
    const run = () =>
      migrate({
        ownerUrl: database.ownerUrl,
        directories: [{ name: 'probe', path }],
        log: (line) => lines.push(line),
      })
    writeFileSync(join(path, '0001_one.sql'), 'create table probe_one ();')
    expect(await Promise.all([run(), run()])).toEqual(expect.arrayContaining([0, 1]))
    writeFileSync(join(path, '0002_two.sql'), 'create table probe_two ();\nselect nonsense;')
    await expect(run()).rejects.toThrow(/probe\/0002_two failed and was rolled back: .*nonsense.* \(line 2\)/)
    const { rows } = await database.pool('owner').query("select to_regclass('probe_two') as two")
    expect(rows).toEqual([{ two: null }])
    writeFileSync(join(path, '0002_two.sql'), 'create table probe_two ();')
    expect(await run()).toBe(1)
    expect(lines[0]).toMatch(/^Migration 1\/1 probe\/0001_one \(\d+ ms\)$/)

    writeFileSync(join(path, '0001_one.sql'), 'create table probe_one (id int);')
    await expect(run()).rejects.toThrow(/was changed after it was applied/)
    rmSync(join(path, '0001_one.sql'))
    await expect(run()).rejects.toThrow(/does not know/)
    writeFileSync(join(path, 'three.sql'), '')
    await expect(run()).rejects.toThrow(/NNNN_name.sql/)
    rmSync(path, { recursive: true })
  })
})

describe('roles', () => {
  it('log in with kept passwords, which are private, and a host without them is told so', async () => {
    const { ownerUrl } = inject('cluster')
    const directory = mkdtempSync(join(tmpdir(), 'bulkhead-roles-'))
    const secretsFile = join(directory, 'secrets', 'database-roles.json')
    await expect(ensureRoles({ ownerUrl, secretsFile, exclusive: false })).rejects.toThrow(
      /already has the roles .*copy that file/,
    )
    expect(() => statSync(secretsFile)).toThrow()
    rmSync(directory, { recursive: true })
  })

  it('see only what their process may see', async () => {
    await using database = await createTestDatabase()
    const { rows } = await database.pool('bulkhead_api').query('select current_user as me')
    expect(rows).toEqual([{ me: 'bulkhead_api' }])
    await expect(database.pool('bulkhead_smtp').query('create table public.mine ()')).rejects.toThrow(
      /permission denied/,
    )
    await using elsewhere = createPool({
      url: withDatabase(database.url.bulkhead_sender, database.name),
      applicationName: 'test',
    })
    await expect(elsewhere.query('select * from migration.applied')).rejects.toThrow(/permission denied/)
  })
})
