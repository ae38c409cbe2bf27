import { Refusal } from '../refusal.ts'
import type { Log } from '../log.ts'
import { openFileRoot } from './file-root.ts'
import { openKmsRoot } from './kms-root.ts'
import { openPkcs11Root } from './pkcs11-root.ts'
import type { MayMakeRoot, OpenRoot, Place, RootProvider } from './root-provider.ts'
import type { RootSetting } from './root-setting.ts'
import { openVaultRoot } from './vault-root.ts'

/** The root that wraps, and those of earlier days that still open what they wrapped. */
export interface Roots extends AsyncDisposable {
  readonly current: RootProvider
  readonly previous: readonly RootProvider[]
}

export interface RootsDeps {
  readonly config: { readonly root: RootSetting; readonly previousRoots: readonly RootSetting[] }
  /** Ids of the roots under which keys in the database are wrapped. Throws while the database is away. */
  readonly known: () => Promise<readonly string[]>
  /** Credentials of the providers: BULKHEAD_KEYRING_PIN and the AWS variables. */
  readonly env: Readonly<Record<string, string | undefined>>
  readonly log: Log
}

/**
 * Opens the current root and the previous ones. Throws, with cause and next step, where one cannot be opened, and where the database
 * holds keys of a root that is neither: a new root would leave everything sealed under the old one unreadable, and look well. While
 * the database is away the second check is made up for before anything is wrapped.
 */
export async function openRoots(deps: RootsDeps): Promise<Roots> {
  const { config, log } = deps
  const opened: OpenRoot[] = []
  const close = async (): Promise<void> => {
    await Promise.all(opened.map((root) => root.close()))
  }
  try {
    // The one question at start: null while the database cannot answer it.
    const known = await deps.known().catch(() => null)
    const previous: OpenRoot[] = []
    for (const setting of config.previousRoots) {
      const root = await open(setting, deps, known ?? [], neverMake)
      opened.push(root)
      previous.push(root)
    }
    const mayMake: MayMakeRoot = async () => {
      if (known !== null) refuseStrangers(known, previous)
      // A file is made even so: the check before the first wrapping keeps it from being used. A key in a token would stay there.
      else if (config.root.kind !== 'file') {
        throw new Error(
          'a first root is made only when the database can be asked for keys of an earlier one: start it',
        )
      }
    }
    const current = await open(config.root, deps, known ?? [], mayMake)
    opened.push(current)
    const all = [current, ...previous]
    const twice = all.find((root, at) => all.findIndex((other) => other.id === root.id) !== at)
    if (twice !== undefined) {
      throw new Error(
        `Root ${twice.id} is configured twice: BULKHEAD_KEYRING_PREVIOUS_ROOT names other roots only`,
      )
    }
    if (known === null)
      log('warn', 'The database is away: the root is checked against it before it wraps anything')
    else refuseStrangers(known, all)
    return {
      current: checkedBeforeUse(current, async () => refuseStrangers(await deps.known(), all)),
      previous,
      [Symbol.asyncDispose]: close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

async function open(
  setting: RootSetting,
  deps: RootsDeps,
  known: readonly string[],
  mayMake: MayMakeRoot,
): Promise<OpenRoot> {
  switch (setting.kind) {
    case 'file':
      return openFileRoot(setting.path, mayMake)
    case 'pkcs11':
      return openPkcs11Root({ setting, pin: deps.env['BULKHEAD_KEYRING_PIN'], mayMake })
    case 'vault':
      return openVaultRoot({ setting, known, log: deps.log })
    case 'aws-kms':
      return openKmsRoot({ setting, env: deps.env })
  }
}

const neverMake: MayMakeRoot = () =>
  Promise.reject(new Error('BULKHEAD_KEYRING_PREVIOUS_ROOT names it, and a previous root is never made anew'))

function refuseStrangers(known: readonly string[], configured: readonly RootProvider[]): void {
  const stranger = known.find((id) => !configured.some((root) => root.id === id))
  if (stranger === undefined) return
  const ids = configured.map((root) => root.id).join(', ')
  const here = ids === '' ? '' : ` The keyring is configured with ${ids}.`
  throw new Error(
    `the database holds keys wrapped by root ${stranger}.${here} Restore that root from your backup; without it sealed data is lost. To change roots, name the old one in BULKHEAD_KEYRING_PREVIOUS_ROOT`,
  )
}

/**
 * What is wrapped replaces what was wrapped before, in a rotation for every workspace: a root that is remote and out of its mind would
 * otherwise lose all of them. It costs one more question for each key that is made or wrapped anew.
 */
async function refuseUnopenable(
  root: RootProvider,
  place: Place,
  wrapped: Buffer,
  key: Buffer,
): Promise<void> {
  const opened = await root.unwrap(place, wrapped).catch((error: unknown) => {
    if (error instanceof Refusal && error.code === 'refused') return null
    throw error
  })
  const isSame = opened?.equals(key) === true
  opened?.fill(0)
  if (!isSame)
    throw new Refusal(
      'unavailable',
      `Root ${root.id} does not open what it wrapped: nothing was stored under it`,
    )
}

/**
 * Asks the database once more before the first wrapping: it may have been away at the start, or another host may have been first. Each
 * wrapping is opened once before it is believed.
 */
function checkedBeforeUse(root: RootProvider, check: () => Promise<void>): RootProvider {
  let checked: Promise<void> | null = null
  return {
    id: root.id,
    async wrap(place, key) {
      checked ??= check()
      try {
        await checked
      } catch (error) {
        checked = null
        const reason = error instanceof Error ? error.message : String(error)
        throw new Refusal('unavailable', `The root wraps nothing: ${reason}`, error)
      }
      const wrapped = await root.wrap(place, key)
      await refuseUnopenable(root, place, wrapped, key)
      return wrapped
    },
    unwrap: (place, wrapped) => root.unwrap(place, wrapped),
  }
}
