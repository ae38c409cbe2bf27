import { createHmac, randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { dictionary } from '@zxcvbn-ts/language-common'
import { importPasswords, makeTestDirectory } from '../../src/platform/breached/breached.test-support.ts'
import { createLogger } from '../../src/platform/telemetry/index.ts'
import type {
  createBreached,
  createHashQueue,
  createPasswordCheck,
  createPasswords,
} from '../../src/security/passwords/index.ts'
import { alterProduct } from '../support/altered-product.ts'
import type { AlteredProduct } from '../support/altered-product.ts'
import { forAll } from './keyring-world.ts'
import { deviations, replay } from './replay.ts'

/** What the slice gives out, from whichever sources. */
interface Slice {
  readonly createBreached: typeof createBreached
  readonly createHashQueue: typeof createHashQueue
  readonly createPasswordCheck: typeof createPasswordCheck
  readonly createPasswords: typeof createPasswords
}

interface World extends AsyncDisposable {
  readonly slice: Slice
  readonly directory: string
}

interface Loot {
  readonly weakTried: number
  readonly weakAccepted: number
  readonly goodTried: number
  readonly goodRefused: number
  readonly cutOff: number
}

const ROOT = join(import.meta.dirname, '../../..')
const ANN = '0192f000-0000-7000-8000-000000000001'
const WORDS = ['ann.smith@example.com', 'Ann Smith', 'Nordlicht GmbH']
/** From another breach than the shipped list knows; long enough for every length rule. */
const COLLECTED = Array.from({ length: 2_000 }, (_, n) => `Collected Password ${n} of a breach`)

async function startWorld(altered?: AlteredProduct): Promise<World> {
  const directory = makeTestDirectory()
  importPasswords(join(directory.path, 'breached.filter'), COLLECTED)
  const door = join(altered?.root ?? ROOT, 'server/src/security/passwords/index.ts')
  const slice: Slice = await import(/* @vite-ignore */ pathToFileURL(door).href)
  return {
    slice,
    directory: directory.path,
    async [Symbol.asyncDispose]() {
      directory[Symbol.dispose]()
      altered?.[Symbol.dispose]()
    },
  }
}

interface Try {
  readonly password: string
  readonly singleFactor: boolean
}

/** What stuffing and guessing begin with, for people with and without a second factor. */
function weakOnes(): Try[] {
  const common = dictionary['passwords-common'].filter((password) => password.length >= 8).slice(0, 3_000)
  const dressed = [
    'Password1',
    'Passw0rd!',
    'Qwerty123',
    'Welcome2026',
    'Summer2026!',
    'Abcd1234',
    'Admin123!',
  ]
  const known = ['Bulkhead2026!', 'AnnSmith2026!', 'Nordlicht2026!', 'Ann.Smith@example.com1']
  const patterns = [
    'Aaaaaaaaaaaaaaaa',
    'Abababababababab1'.slice(0, 16),
    '1234567890123456',
    'abcdefghijklmnop',
  ]
  const short = Array.from({ length: 14 }, (_, n) => 'Xk7#qLm2$vBn9p'.slice(0, n + 1))
  return [
    ...[...common, ...COLLECTED, ...known, ...patterns].map((password) => ({
      password,
      singleFactor: false,
    })),
    ...[...common, ...COLLECTED, ...dressed, ...known, ...patterns, ...short].map((password) => ({
      password,
      singleFactor: true,
    })),
    ...short.slice(0, 7).map((password) => ({ password, singleFactor: false })),
  ]
}

/** What SP 800-63B-4 lets people choose: without digits, capitals or signs, in any script, 64 characters and more. */
function goodOnes(): Try[] {
  const words = dictionary['diceware-common']
  const phrase = (at: number, count: number, between: string) =>
    Array.from({ length: count }, (_, n) => words[(at * 977 + n * 1_543) % words.length]).join(between)
  const phrases = Array.from({ length: 500 }, (_, n) => phrase(n, 5, [' ', '-', ''][n % 3]!))
  return [
    ...phrases,
    phrase(7, 40, ' ').slice(0, 64).trimEnd(),
    phrase(8, 60, ' ').slice(0, 256).trimEnd(),
    'kornblumen stehen am teich',
    'васильки стоят у пруда летом',
    '矢車菊は池のほとりに静かに咲いている夏',
    '🦊 fährt 🚲 über 🌉 nach 🏝',
  ].map((password) => ({ password, singleFactor: true }))
}

async function attack({ slice, directory }: World): Promise<Loot> {
  const log = createLogger({ name: 'replay', level: 'error' })
  const key = randomBytes(32)
  const passwords = slice.createPasswords({
    pepper: { of: async (digest) => createHmac('sha256', key).update(digest).digest() },
    queue: slice.createHashQueue({ waitingMax: 1_000, deadlineMs: 120_000 }),
  })
  const check = slice.createPasswordCheck({ passwords, breached: slice.createBreached({ directory, log }) })
  const isAccepted = async ({ password, singleFactor }: Try): Promise<boolean> =>
    (await check.judge(password, { singleFactor, words: WORDS })) === null
  const weak = weakOnes()
  const good = goodOnes()
  const weakAccepted = (await forAll(weak, isAccepted)).filter(Boolean).length
  const goodRefused = (await forAll(good, isAccepted)).filter((accepted) => !accepted).length
  // A long password counts to its last character: one that is cut off would open with any end.
  const long = `${'kornblume am teich '.repeat(13)}wiese`
  const stored = await passwords.hash(ANN, long)
  const ends = ['', 'wiesf', 'wies', 'wiese ']
  const opened = await forAll(ends, (end) => passwords.verify(ANN, long.slice(0, -5) + end, stored))
  return {
    weakTried: weak.length,
    weakAccepted,
    goodTried: good.length,
    goodRefused,
    cutOff: opened.filter(Boolean).length + ((await passwords.verify(ANN, long, stored)) ? 0 : 1),
  }
}

replay<World, Loot>(
  {
    id: 'C-15',
    source: 'C:47',
    attack:
      'people choose passwords that guessing begins with: short, common, breached, their own names, patterns → they are set',
    bound:
      '0 of them are accepted, 0 good ones refused for what they are made of, every character counts up to 256',
    control:
      'the rule of the time before: 8 to 20 characters with a small letter, a capital and a digit, and no list. Weak ones pass, good ones do not',
  },
  {
    real: () => startWorld(),
    control: () =>
      startWorld(
        alterProduct([
          {
            file: 'server/src/security/passwords/password-check.ts',
            find: 'const problem = judgePassword(password, facts)\n      if (problem !== null) return problem',
            replace:
              "return /^(?=.*[a-z])(?=.*[A-Z])(?=.*[0-9]).{8,20}$/.test(password) ? null : { field: 'password', problem: 'needs a capital and a digit' }\n      const problem = judgePassword(password, facts)",
          },
        ]),
      ),
    attack,
    judge: (loot) => ({
      breaches: deviations({ weakAccepted: 0, goodRefused: 0, cutOff: 0 }, { ...loot }),
      evidence: { ...loot },
    }),
    succeeded({ weakAccepted, goodRefused }) {
      if (weakAccepted < 5) throw new Error(`only ${weakAccepted} weak passwords were accepted`)
      if (goodRefused < 500) throw new Error(`only ${goodRefused} good passwords were refused`)
    },
    close: (world) => world[Symbol.asyncDispose](),
  },
)
