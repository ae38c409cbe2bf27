import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { startInstallation } from '../constellation/installation.ts'

describe.runIf(process.platform === 'linux')('the root of the keyring', () => {
  it('is where the setting says, and what opens it reaches the keyring and no other process', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'bulkhead-root-'))
    const path = join(directory, 'kept elsewhere/root.key')
    try {
      await using installation = await startInstallation({
        env: {
          BULKHEAD_KEYRING_ROOT: `file:${path}`,
          BULKHEAD_KEYRING_PIN: 'canary-pin',
          AWS_SECRET_ACCESS_KEY: 'canary-secret',
        },
      })
      await installation.untilReady()
      expect(existsSync(path)).toBe(true)
      expect(existsSync(join(installation.dataDirectory, 'keyring/root.key'))).toBe(false)
      const environmentOf = (kind: 'api' | 'smtp' | 'sender' | 'worker' | 'keyring'): string =>
        installation
          .pids(kind)
          .map((pid) => readFileSync(`/proc/${pid}/environ`, 'latin1'))
          .join('\0')
      // The control: what the others must not have is there to be had.
      expect(environmentOf('keyring')).toContain('BULKHEAD_KEYRING_PIN=canary-pin')
      expect(environmentOf('keyring')).toContain('AWS_SECRET_ACCESS_KEY=canary-secret')
      for (const kind of ['api', 'smtp', 'sender', 'worker'] as const) {
        expect(environmentOf(kind), kind).toContain('BULKHEAD_DATA=')
        expect(environmentOf(kind), kind).not.toMatch(/canary|BULKHEAD_KEYRING_ROOT/)
      }
    } finally {
      rmSync(directory, { recursive: true, force: true })
    }
  }, 120_000)
})
