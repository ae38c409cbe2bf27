import { Fault } from '../../kernel/faults.ts'
import { encodeId } from '../../kernel/ids.ts'
import { missing } from '../../platform/http/listing.ts'
import type { OperationContext } from '../../platform/http/operation.ts'
import type { KeyringClient } from '../../platform/keyring-client/index.ts'
import type { createDomainCheck } from './check.ts'
import type { NewSelector } from './domain.ts'
import { selectDomain } from './domains-store.ts'
import type { DomainRecord } from './domains-store.ts'
import { EMERGENCY_RETIRE_MS, planRotation } from './key-rotation.ts'
import { deletePending, holdDomain, insertSelectors, signWithStandby } from './key-store.ts'
import type { MadeSelector } from './key-store.ts'

type Caller = Pick<OperationContext<unknown>, 'workspaceId' | 'read' | 'act'>

/** Makes the pairs of selectors in the keyring; private halves stay there. */
export function createKeyMaker(keyring: Pick<KeyringClient, 'createDkimKey'>) {
  return (workspaceId: string, domain: string, wanted: readonly NewSelector[]): Promise<MadeSelector[]> =>
    Promise.all(
      wanted.map(async (item) => {
        const { selector, algorithm } = item
        const made = await keyring.createDkimKey({ workspaceId, domain, selector, algorithm })
        return { ...item, keyId: made.keyId, publicKey: made.publicKeyBase64 }
      }),
    )
}

/** Changes of DKIM keys. Answers are the domain's rows as they are then. */
export function createRotation(deps: {
  readonly keyring: Pick<KeyringClient, 'createDkimKey' | 'destroyDkimKey'>
  readonly check: Pick<ReturnType<typeof createDomainCheck>, 'look'>
  readonly newId: () => string
}) {
  const makeKeys = createKeyMaker(deps.keyring)

  return {
    /** Throws `conflict` where nothing is signed yet, where a rotation waits, and in an emergency without a standby in DNS. */
    async rotate(caller: Caller, id: string, isEmergency: boolean): Promise<DomainRecord> {
      const rotationId = deps.newId()
      const plan = (row: DomainRecord) =>
        planRotation({ ...row, workspaceId: caller.workspaceId, rotationId, isEmergency })
      const row = await stands(caller, id)
      const wanted = plan(row)
      if (isEmergency) await demandStandby(row)
      const made = await makeKeys(caller.workspaceId, row.name, wanted)
      try {
        return await caller.act(async (db, about) => {
          if (!(await holdDomain(db, caller.workspaceId, id))) throw missing('domain', id)
          const now = await selectDomain(db, caller.workspaceId, id)
          if (now === undefined) throw missing('domain', id)
          // Somebody else may have begun one meanwhile.
          plan(now)
          if (isEmergency) await signWithStandby(db, caller.workspaceId, id, EMERGENCY_RETIRE_MS)
          await insertSelectors(db, caller.workspaceId, id, made, false)
          const after = await selectDomain(db, caller.workspaceId, id)
          if (after === undefined) throw missing('domain', id)
          about(encodeId('domain', id), {
            name: row.name,
            emergency: isEmergency,
            selectors: made.map((item) => item.selector),
          })
          return after
        })
      } catch (error) {
        // Nothing names these keys. Only where that is sure: a commit whose answer was lost may have happened.
        if (error instanceof Fault && (error.code === 'conflict' || error.code === 'not_found'))
          await Promise.allSettled(
            made.map((item) => deps.keyring.destroyDkimKey(caller.workspaceId, item.keyId)),
          )
        throw error
      }
    },

    /** Calls a rotation off that waits: its keys end. What signs goes on signing. Throws `conflict` where none waits. */
    cancel: (caller: Caller, id: string): Promise<DomainRecord> =>
      caller.act(async (db, about) => {
        if (!(await holdDomain(db, caller.workspaceId, id))) throw missing('domain', id)
        const ended = await deletePending(db, caller.workspaceId, id)
        const row = await selectDomain(db, caller.workspaceId, id)
        if (row === undefined) throw missing('domain', id)
        if (ended.length === 0)
          throw new Fault('conflict', {
            detail: `No rotation of ${row.name} waits, so there is none to call off.`,
          })
        about(encodeId('domain', id), { name: row.name, selectors: ended })
        return row
      }),
  }

  /** What receivers cannot find must not sign, whatever the last check said. */
  async function demandStandby(row: DomainRecord): Promise<void> {
    const standby = row.selectors.find((item) => item.role === 'standby')
    const { checks } = await deps.check.look(row)
    const seen = checks.find((item) => item.selector === standby?.selector)
    if (seen?.state !== 'ok')
      throw new Fault('conflict', {
        detail: `DNS does not show the standby key of ${row.name}, so mail signed with it would fail: ${seen?.advice ?? 'publish its record'}`,
      })
  }
}

async function stands(caller: Caller, id: string): Promise<DomainRecord> {
  const row = await caller.read((db) => selectDomain(db, caller.workspaceId, id))
  if (row === undefined) throw missing('domain', id)
  return row
}
