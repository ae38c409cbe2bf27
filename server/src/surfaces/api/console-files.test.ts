import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createHttpServer } from '../../platform/http/http-server.ts'
import { createLogger } from '../../platform/telemetry/index.ts'
import { addConsoleFiles } from './console-files.ts'

const SOURCE = join(import.meta.dirname, '../../../../console/index.html')

let directory: string
let url: string
const app = createHttpServer({
  log: createLogger({ name: 'test', level: 'error' }),
  connectionsMax: 10,
  bodyBytesMax: 1_000,
})

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'bulkhead-console-'))
  mkdirSync(join(directory, 'assets'))
  writeFileSync(join(directory, 'index.html'), '<!doctype html><script src="/assets/app-1.js"></script>')
  writeFileSync(join(directory, 'assets/app-1.js'), 'void 0')
  await addConsoleFiles(app, directory)
  url = await app.listen({ host: '127.0.0.1', port: 0 })
})
afterAll(async () => {
  await app.close()
  rmSync(directory, { recursive: true, force: true })
})

/** A policy by directive. */
function policyOf(headers: Headers): Map<string, string> {
  const directives = (headers.get('content-security-policy') ?? '').split(';').map((text) => text.trim())
  return new Map(directives.map((text) => [text.split(' ')[0] ?? '', text.split(' ').slice(1).join(' ')]))
}

describe('the pages of the console', () => {
  it('run their own files only: nothing inline, nothing from elsewhere, in no frame, as no other type', async () => {
    for (const path of ['/', '/inbox', '/messages/msg_1', '/assets/app-1.js']) {
      const { status, headers } = await fetch(`${url}${path}`)
      expect([path, status]).toEqual([path, 200])
      const policy = policyOf(headers)
      expect(policy.get('default-src')).toBe("'none'")
      expect(policy.get('script-src')).toBe("'self'")
      expect(policy.get('style-src')).toBe("'self'")
      expect(policy.get('connect-src')).toBe("'self'")
      expect(policy.get('base-uri')).toBe("'none'")
      expect(policy.get('form-action')).toBe("'none'")
      expect(policy.get('frame-ancestors')).toBe("'none'")
      expect(headers.get('content-security-policy')).not.toMatch(/unsafe|\*|https?:|data: *;? *script/)
      expect(headers.get('x-content-type-options')).toBe('nosniff')
      expect(headers.get('referrer-policy')).toBe('no-referrer')
      expect(headers.get('x-frame-options')).toBe('DENY')
    }
  })

  it('have nothing inline that the policy would stop', () => {
    const page = readFileSync(SOURCE, 'utf8')
    expect(page).not.toMatch(/<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=|javascript:/i)
  })
})
