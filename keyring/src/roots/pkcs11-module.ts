import { Refusal } from '../refusal.ts'

type Argument = number | bigint | Buffer | null
/** Calls a function off the event loop; answers its CK_RV. Throws `unavailable` where the module does not return in time. */
export type Call = (name: FunctionName, ...args: readonly Argument[]) => Promise<number>

/** The functions of a PKCS#11 module (v2.40 §5). */
export interface Pkcs11Module {
  /** Runs calls that belong together; nobody else's calls come between them, because a session has one operation at a time. */
  together<T>(run: (call: Call) => Promise<T>): Promise<T>
  /** Address of a buffer, for structures that point to it; followed by `together` in the same turn. The buffer lives until then. */
  address(buffer: Buffer): bigint
}

/** Position in CK_FUNCTION_LIST, behind its version, and the parameters: u = CK_ULONG, p = pointer. */
const FUNCTIONS = {
  C_Initialize: [0, 'p'],
  C_GetSlotList: [4, 'upp'],
  C_GetTokenInfo: [6, 'up'],
  C_OpenSession: [12, 'uuppp'],
  C_CloseSession: [13, 'u'],
  C_Login: [18, 'uupu'],
  C_GetAttributeValue: [24, 'uupu'],
  C_FindObjectsInit: [26, 'upu'],
  C_FindObjects: [27, 'upup'],
  C_FindObjectsFinal: [28, 'u'],
  C_EncryptInit: [29, 'upu'],
  C_Encrypt: [30, 'upupp'],
  C_DecryptInit: [33, 'upu'],
  C_Decrypt: [34, 'upupp'],
  C_GenerateKey: [58, 'uppup'],
} as const
type FunctionName = keyof typeof FUNCTIONS

// A network HSM may take its time; one that says nothing for this long is treated as away.
const CALL_TIMEOUT_MS = 10_000
const CKR_OK = 0

/**
 * Loads a module. koffi is loaded here and nowhere else: an installation without a token never loads native code. Throws with the
 * cause where the module or koffi is missing.
 */
export async function loadPkcs11Module(path: string, timeoutMs = CALL_TIMEOUT_MS): Promise<Pkcs11Module> {
  const { default: koffi } = await import('koffi').catch((error: unknown) => {
    throw new Error(
      'The package koffi is not installed, which PKCS#11 needs: run npm install without --omit=optional',
      {
        cause: error,
      },
    )
  })
  let library
  let getFunctionList
  try {
    library = koffi.load(path)
    getFunctionList = library.func('C_GetFunctionList', 'ulong', ['void *'])
  } catch (error) {
    throw new Error(`The PKCS#11 module ${path} cannot be loaded: check the path and its architecture`, {
      cause: error,
    })
  }
  const pointer = Buffer.alloc(8)
  if (Number(getFunctionList(pointer)) !== CKR_OK)
    throw new Error(`The PKCS#11 module ${path} gives no function list`)
  const list = pointer.readBigUInt64LE()
  const natives = new Map<string, (...args: readonly Argument[]) => Promise<number>>()
  for (const [name, [position, parameters]] of Object.entries(FUNCTIONS)) {
    const types = parameters.split('').map((letter) => (letter === 'u' ? 'ulong' : 'void *'))
    // CK_VERSION has two bytes; the pointers behind it are aligned to eight.
    const address: unknown = koffi.decode(list, 8 + 8 * position, 'void *')
    const native = koffi.decode(address, koffi.proto('ulong', types))
    natives.set(name, (...args) => {
      const result = Promise.withResolvers<number>()
      native.async(...args, (error: unknown, code: number | bigint) => {
        if (error === null || error === undefined) result.resolve(Number(code))
        else result.reject(new Error(`${name} could not be called`, { cause: error }))
      })
      return result.promise
    })
  }
  let isStuck = false
  let pending = 0
  // What structures point to: the collector must not take it while a call runs, and a call that hangs may outlive its caller.
  const held = new Set<Buffer>()
  const release = (): void => {
    if (pending === 0 && !isStuck) held.clear()
  }
  const call: Call = async (name, ...args) => {
    const native = natives.get(name)
    if (native === undefined) throw new Error(`${name} is not bound`)
    if (isStuck) throw new Refusal('unavailable', 'The PKCS#11 token does not answer')
    const running = native(...args)
    const late = Promise.withResolvers<never>()
    const timer = setTimeout(() => {
      // The call cannot be taken back: it holds its thread until the module returns, and the arguments with it.
      isStuck = true
      const over = (): void => {
        isStuck = false
        release()
      }
      running.then(over, over)
      late.reject(
        new Refusal('unavailable', `The PKCS#11 token did not answer ${name} within ${timeoutMs} ms`),
      )
    }, timeoutMs)
    try {
      return await Promise.race([running, late.promise])
    } finally {
      clearTimeout(timer)
    }
  }
  let last: Promise<unknown> = Promise.resolve()
  const loaded = {
    // Kept: koffi unloads a library that the collector takes, under the functions that were read out of it.
    library,
    address(buffer: Buffer): bigint {
      held.add(buffer)
      return koffi.address(buffer)
    },
    together<T>(run: (call: Call) => Promise<T>): Promise<T> {
      pending += 1
      const mine = last
        .then(() => run(call))
        .finally(() => {
          pending -= 1
          release()
        })
      last = mine.catch(() => undefined)
      return mine
    },
  }
  return loaded
}
