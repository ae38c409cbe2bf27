import { execFileSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { LANGUAGES, maskKey, snippet } from './snippets.ts'

const facts = {
  origin: 'http://127.0.0.1:8600',
  hostname: '127.0.0.1',
  key: 'bhk_0123456789ab_secret',
  from: 'hello@example.test',
}

describe('snippets', () => {
  it('are whole: host, key and sender are filled in', () => {
    for (const language of LANGUAGES) {
      const text = snippet(language, facts)
      expect(text).toContain('127.0.0.1')
      expect(text).toContain(facts.key)
      expect(text).toContain(facts.from)
    }
  })

  it('are commands that a shell understands', () => {
    for (const language of ['curl', 'smtp'] as const)
      execFileSync('sh', ['-n', '-c', snippet(language, facts)])
  })

  it('show a key masked', () => {
    expect(maskKey(facts.key)).not.toContain('secret')
  })
})
