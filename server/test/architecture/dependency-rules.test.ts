import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'

const ROOT = join(import.meta.dirname, '../../..')
const FIXTURE = join(import.meta.dirname, 'fixture')
const FOLDERS = ['server/src', 'keyring', 'sdk', 'cli', 'console/src']

interface Violation {
  readonly from: string
  readonly to: string
  readonly rule: { readonly name: string }
}

/** What `npm run arch` would say of the planted tree. */
async function violations(): Promise<string[]> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [
      join(ROOT, 'node_modules/dependency-cruiser/bin/dependency-cruiser.mjs'),
      '--config',
      join(ROOT, 'tools/dependency-rules.cjs'),
      '--output-type',
      'json',
      ...FOLDERS,
    ],
    { cwd: FIXTURE, maxBuffer: 64 * 1024 * 1024 },
  ).catch((error: { stdout: string }) => error)
  const found: Violation[] = JSON.parse(stdout).summary.violations
  return found.map(({ from, to, rule }) => `${rule.name}: ${short(from)} → ${short(to)}`).sort()
}

function short(path: string): string {
  return path.replace('server/src/', '').replace(/^.*node_modules\/([^/]+)\/.*$/, '$1')
}

describe('the dependency rules', () => {
  it('find every planted violation, and nothing else', async () => {
    expect(await violations()).toEqual([...PLANTED].sort())
  }, 60_000)
})

const PLANTED: readonly string[] = [
  'kernel-does-not-look-up: kernel/looks-up.ts → platform/postgres/index.ts',
  'kernel-is-pure: kernel/looks-up.ts → platform/postgres/index.ts',
  'kernel-is-pure: kernel/impure.ts → zod',
  'kernel-is-pure: kernel/impure.ts → crypto',
  'platform-does-not-look-up: platform/looks-up.ts → security/access/index.ts',
  'security-does-not-look-up: security/looks-up.ts → modules/lawful/index.ts',
  'modules-does-not-look-up: modules/looks-up.ts → surfaces/web/index.ts',
  'modules-does-not-look-up: modules/using/index.ts → surfaces/web/index.ts',
  'surfaces-does-not-look-up: surfaces/looks-up.ts → processes/main.ts',
  'a-slice-has-one-door: processes/main.ts → modules/lawful/inner.ts',
  'a-slice-has-one-door: processes/main.ts → security/access/access.ts',
  'a-slice-has-one-door: modules/visits/index.ts → modules/lawful/inner.ts',
  'a-slice-has-one-door: modules/visits/index.ts → platform/postgres/pool.ts',
  'surfaces-are-strangers: surfaces/mail/index.ts → surfaces/web/index.ts',
  ...['net', 'tls', 'dns/promises', 'fs', 'child_process', 'http', 'pg', 'fastify'].map(
    (driver) => `drivers-live-in-platform: modules/drives/index.ts → ${driver}`,
  ),
  'business-imports-no-packages: modules/drives/index.ts → pino',
  'business-imports-no-packages: modules/drives/index.ts → @levischuck',
  'passkeys-alone-read-cbor: modules/drives/index.ts → @levischuck',
  'product-imports-no-tests: modules/leans/index.ts → modules/lawful/lawful.test-support.ts',
  'nobody-imports-keyring: modules/steals/index.ts → keyring/src/secret.ts',
  'keyring-stands-alone: keyring/src/leans.ts → zod',
  'keyring-stands-alone: keyring/src/leans.ts → kernel/plain.ts',
  'sdk-has-no-dependencies: sdk/src/index.ts → zod',
  'clients-know-only-the-sdk: cli/src/main.ts → modules/lawful/index.ts',
  'clients-know-only-the-sdk: console/src/main.tsx → cli/src/main.ts',
  'no-cycles: modules/round/index.ts → modules/round/other.ts',
  'no-unresolvable: modules/lost/index.ts → ./nowhere.ts',
]
