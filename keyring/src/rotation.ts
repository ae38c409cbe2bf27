import { randomBytes } from 'node:crypto'
import { decrypt, encrypt, KEY_BYTES } from './aead.ts'
import { contentKeyPlace } from './content-keys.ts'
import type { Database } from './database.ts'
import { dkimKeyPlace } from './dkim-keys.ts'
import { installationKeyPlace, purposeKeyPlace, unwrapByRoot, workspaceKeyPlace } from './hierarchy.ts'
import type { KeyHierarchy, Roots, VersionedKey } from './hierarchy.ts'
import { describeError } from './log.ts'
import type { Log } from './log.ts'
import { Refusal } from './refusal.ts'
import { createRotationStore } from './rotation-store.ts'
import type { PurposeKeyOfWorkspace, RotationRow, RotationScope, RotationStore } from './rotation-store.ts'
import { newKeyId } from './uuid.ts'

const POLL_MS = 1000
const BATCH = 500
const PROGRESS_EVERY_MS = 500
const NIL = '00000000-0000-0000-0000-000000000000'

export type Rotation = ReturnType<typeof createRotation>

/**
 * Rotation of keys while everything goes on. `root`: what an earlier root wraps is wrapped anew under the current one. `workspace`: a
 * new workspace key, new purpose keys below it, and everything that is wrapped here wrapped anew under them; old purpose keys whose
 * sealed values lie outside (contact, webhook, connector, totp) stay, wrapped by the new workspace key. The blind key keeps its value,
 * because every index in the database would change; it only changes its wrapping. `all`: both, for every workspace.
 *
 * The job is a row. Whichever keyring gets the lock works on it; each step is harmless to repeat, so a killed one is followed by
 * another. A version that wraps nothing any more is destroyed.
 */
export function createRotation(deps: {
  database: Database
  roots: Roots
  hierarchy: KeyHierarchy
  log: Log
}) {
  const { database, roots, hierarchy, log } = deps
  const jobs = createRotationStore(database)
  let stopped = false
  let timer: NodeJS.Timeout | undefined
  let running: Promise<void> = Promise.resolve()

  async function work(job: RotationRow, store: RotationStore): Promise<void> {
    const progress = createProgress(job, store, () => stopped)
    if (job.total === null) await store.setTotal(job.id, await store.countDue(roots.current.id, job))
    if (job.scope !== 'workspace') await rewrapRoot(store, progress)
    if (job.scope === 'workspace' && job.workspaceId !== null)
      await rotateWorkspace(job, job.workspaceId, store, progress)
    if (job.scope === 'all') await rotateAll(job, store, progress)
    await store.finish(job.id, progress.done(), null)
    log('info', 'Keys were rotated', { scope: job.scope, keys: progress.done() })
  }

  async function rewrapRoot(store: RotationStore, progress: Progress): Promise<void> {
    const { current } = roots
    for (const row of await store.installationKeysNotUnder(current.id)) {
      const place = installationKeyPlace(row.name, row.version)
      const wrapped = await rewrap(row.rootId, place, row.wrapped)
      await store.rewrapInstallationKey(row.name, row.version, row.wrapped, current.id, wrapped)
      await progress.add(1)
    }
    for (;;) {
      const rows = await store.workspaceKeysNotUnder(current.id, BATCH)
      for (const row of rows) {
        const place = workspaceKeyPlace(row.workspaceId, row.version)
        const wrapped = await rewrap(row.rootId, place, row.wrapped)
        await store.rewrapWorkspaceKey(row.workspaceId, row.version, row.wrapped, current.id, wrapped)
        await progress.add(1)
      }
      if (rows.length < BATCH) return
    }
  }

  async function rewrap(
    rootId: string,
    place: readonly (string | number)[],
    wrapped: Buffer,
  ): Promise<Buffer> {
    const key = await unwrapByRoot(roots, rootId, place, wrapped)
    try {
      return await roots.current.wrap(place, key)
    } finally {
      key.fill(0)
    }
  }

  /** One workspace that cannot be rotated does not keep the others from it; in the end the job says so. */
  async function rotateAll(job: RotationRow, store: RotationStore, progress: Progress): Promise<void> {
    let after = NIL
    const problems: string[] = []
    for (;;) {
      const ids = await store.workspacesAfter(after, BATCH)
      for (const id of ids) {
        try {
          await rotateWorkspace(job, id, store, progress)
        } catch (error) {
          if (!(error instanceof Refusal) || (error.code !== 'refused' && error.code !== 'shredded'))
            throw error
          // Shredded while it was worked on: nothing is left to rotate.
          const [newest] = await store.workspaceKeyVersions(id, job.startedAt)
          if (newest?.isDestroyed !== true) problems.push(`workspace ${id}: ${error.message}`)
        }
      }
      const last = ids.at(-1)
      if (last === undefined) break
      after = last
    }
    if (problems.length > 0) throw new Error(`${problems.length} workspaces were not rotated; ${problems[0]}`)
  }

  async function rotateWorkspace(
    job: RotationRow,
    workspaceId: string,
    store: RotationStore,
    progress: Progress,
  ): Promise<void> {
    const newest = (await store.workspaceKeyVersions(workspaceId, job.startedAt))[0]
    // No key yet, or shredded.
    if (newest === undefined || newest.isDestroyed) return
    if (!newest.isNew) {
      const place = workspaceKeyPlace(workspaceId, newest.version + 1)
      const wrapped = await roots.current.wrap(place, randomBytes(KEY_BYTES))
      await store.addWorkspaceKeyAfter(workspaceId, newest.version, roots.current.id, wrapped)
    }
    hierarchy.forget(workspaceId)
    const above = await hierarchy.workspaceKey(workspaceId, null)
    for (const row of await store.purposeKeysOf(workspaceId, job.startedAt)) {
      await rewrapPurpose(workspaceId, row, above, store)
      if (row.isNewest && !row.isNew && row.purpose !== 'blind')
        await addPurposeVersion(workspaceId, row, above, store)
      await progress.add(row.isNew ? 0 : 1)
    }
    hierarchy.forget(workspaceId)
    await rewrapContent(workspaceId, store, progress)
    await rewrapDkim(workspaceId, store, progress)
    await retire(workspaceId, job, store)
    hierarchy.forget(workspaceId)
  }

  async function rewrapPurpose(
    workspaceId: string,
    row: PurposeKeyOfWorkspace,
    above: VersionedKey,
    store: RotationStore,
  ): Promise<void> {
    if (row.workspaceKeyVersion === above.version) return
    const old = await hierarchy.workspaceKey(workspaceId, row.workspaceKeyVersion)
    const place = (aboveVersion: number) =>
      purposeKeyPlace(workspaceId, row.purpose, row.version, aboveVersion)
    const key = decrypt(old.key, place(row.workspaceKeyVersion), row.wrapped)
    const wrapped = encrypt(above.key, place(above.version), key)
    key.fill(0)
    await store.rewrapPurposeKey(workspaceId, row, above.version, wrapped)
  }

  async function rewrapContent(workspaceId: string, store: RotationStore, progress: Progress): Promise<void> {
    const newest = await newestOf(workspaceId, 'content', store)
    if (newest === null) return
    const above = await hierarchy.keyOfVersion(workspaceId, 'content', newest)
    for (;;) {
      const rows = await store.contentKeysNotUnder(workspaceId, newest, BATCH)
      const anew = []
      for (const row of rows) {
        if (row.wrapped === null) continue
        const old = await hierarchy.keyOfVersion(workspaceId, 'content', row.purposeVersion)
        const place = (version: number) => contentKeyPlace(workspaceId, row.id, version, row.spoolHour)
        const inner = decrypt(old.key, place(row.purposeVersion), row.wrapped)
        const wrapped = encrypt(above.key, place(newest), inner)
        inner.fill(0)
        anew.push({ id: row.id, before: row.wrapped, version: newest, wrapped })
      }
      await store.rewrapContentKeys(anew)
      await progress.add(rows.length)
      if (rows.length < BATCH) return
    }
  }

  async function rewrapDkim(workspaceId: string, store: RotationStore, progress: Progress): Promise<void> {
    const newest = await newestOf(workspaceId, 'dkim', store)
    if (newest === null) return
    const above = await hierarchy.keyOfVersion(workspaceId, 'dkim', newest)
    for (;;) {
      const rows = await store.dkimKeysNotUnder(workspaceId, newest, BATCH)
      for (const row of rows) {
        if (row.sealedPrivate === null) continue
        const old = await hierarchy.keyOfVersion(workspaceId, 'dkim', row.purposeVersion)
        const der = decrypt(old.key, dkimKeyPlace(row), row.sealedPrivate)
        const sealed = encrypt(above.key, dkimKeyPlace({ ...row, purposeVersion: newest }), der)
        der.fill(0)
        await store.rewrapDkimKey(row.id, row.sealedPrivate, newest, sealed)
        await progress.add(1)
      }
      if (rows.length < BATCH) return
    }
  }

  async function round(): Promise<void> {
    try {
      const job = await jobs.newest()
      if (job?.state !== 'running') return
      await database.exclusively('bulkhead keyring rotation', async (session) => {
        // What another keyring did until it let go of the lock.
        const now = await jobs.newest()
        if (now?.state !== 'running') return
        await work(now, createRotationStore(session)).catch(async (error: unknown) => {
          if (
            error instanceof Stopped ||
            (error instanceof Refusal && error.code === 'unavailable' && !isForeignRoot(error))
          )
            throw error
          log('error', 'The rotation failed', { error: describeError(error) })
          await jobs.finish(now.id, now.done, describeError(error))
        })
      })
    } catch (error) {
      // Tried again at the next round; the database's failures are in the log already.
      if (!(error instanceof Refusal || error instanceof Stopped))
        log('warn', 'The rotation was interrupted and goes on', { error: describeError(error) })
    }
  }

  function schedule(): void {
    if (stopped) return
    timer = setTimeout(() => {
      running = round().then(schedule)
    }, POLL_MS)
    timer.unref()
  }

  return {
    start: schedule,

    /** Returns the id of the job. Throws `refused` where one is running. */
    async request(scope: RotationScope, workspaceId: string | null, requestedBy: string): Promise<string> {
      const id = newKeyId()
      if (!(await jobs.add(id, scope, workspaceId, requestedBy)))
        throw new Refusal('refused', 'A rotation is running already')
      log('info', 'A rotation begins', { scope, job: id })
      return id
    },

    /** The one that runs, or else the last one. */
    state: (): Promise<RotationRow | undefined> => jobs.newest(),

    async stop(): Promise<void> {
      stopped = true
      clearTimeout(timer)
      await running
    },
  }
}

async function addPurposeVersion(
  workspaceId: string,
  row: PurposeKeyOfWorkspace,
  above: VersionedKey,
  store: RotationStore,
): Promise<void> {
  const version = row.version + 1
  const place = purposeKeyPlace(workspaceId, row.purpose, version, above.version)
  await store.addPurposeVersion(
    workspaceId,
    row.purpose,
    version,
    above.version,
    encrypt(above.key, place, randomBytes(KEY_BYTES)),
  )
}

/** The newest version of a purpose, or null where the workspace has never used it. */
async function newestOf(workspaceId: string, purpose: string, store: RotationStore): Promise<number | null> {
  const rows = await store.purposeKeysOf(workspaceId, new Date(0))
  return rows.find((row) => row.purpose === purpose && row.isNewest)?.version ?? null
}

async function retire(workspaceId: string, job: RotationRow, store: RotationStore): Promise<void> {
  for (const row of await store.purposeKeysOf(workspaceId, job.startedAt)) {
    if (row.isNewest || (row.purpose !== 'content' && row.purpose !== 'dkim')) continue
    await store.retirePurposeKey(workspaceId, row.purpose, row.version)
  }
  const versions = await store.workspaceKeyVersions(workspaceId, job.startedAt)
  for (const row of versions.slice(1)) {
    if (!row.isDestroyed) await store.retireWorkspaceKey(workspaceId, row.version)
  }
}

class Stopped extends Error {}

/** A root that is not configured does not come back by waiting. */
function isForeignRoot(error: Refusal): boolean {
  return error.message.includes('were wrapped by root')
}

interface Progress {
  add(keys: number): Promise<void>
  done(): number
}

/** Counts, writes it down twice a second, and ends the work where the keyring stops. */
function createProgress(job: RotationRow, store: RotationStore, isStopped: () => boolean): Progress {
  const startedMs = performance.now()
  let done = job.done
  let writtenMs = startedMs
  return {
    done: () => done,
    async add(keys) {
      if (isStopped()) throw new Stopped('the keyring stops')
      done += keys
      const nowMs = performance.now()
      if (nowMs - writtenMs < PROGRESS_EVERY_MS) return
      writtenMs = nowMs
      const rate = ((done - job.done) * 1000) / (nowMs - startedMs)
      await store.progress(job.id, done, rate)
    },
  }
}
