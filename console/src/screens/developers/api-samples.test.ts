import { spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { apiSamples, shellQuoted, singleQuoted } from './api-samples.ts'
import { smtpSamples } from './smtp-samples.ts'

// Addresses may hold what languages read as their own: a name of a sender is never code in a sample.
const HOSTILE = `o'brien"$(id)\`\\#{x}\${y}@example.com`

describe('samples', () => {
  it('keep an odd address text in a shell and in JavaScript', () => {
    expect(spawnSync('sh', ['-c', `printf %s ${shellQuoted(HOSTILE)}`]).stdout.toString()).toBe(HOSTILE)
    const evaluated = spawnSync(process.execPath, ['-p', singleQuoted(HOSTILE)])
      .stdout.toString()
      .trim()
    expect(evaluated).toBe(HOSTILE)
  })

  it('hold the address of the API and the sender, and no secret', () => {
    const samples = apiSamples({
      origin: 'https://mail.example.com',
      from: 'a@example.com',
      to: 'b@example.com',
    })
    expect(samples.map(({ name }) => name)).toHaveLength(9)
    for (const { name, code } of samples) {
      expect(code, name).toContain('https://mail.example.com')
      expect(code, name).toContain('a@example.com')
      expect(code, name).toContain('BULKHEAD_API_KEY')
    }
    const smtp = smtpSamples({
      host: 'mail.example.com',
      port: 587,
      tlsPort: 465,
      username: 'smtp_x',
      from: 'a@example.com',
      to: 'b@example.com',
      isSelfSigned: false,
    })
    for (const { name, code } of smtp) {
      expect(code, name).toContain('mail.example.com')
      expect(code, name).not.toMatch(/insecure|CERT_NONE|rejectUnauthorized|verify_peer/)
    }
  })
})
