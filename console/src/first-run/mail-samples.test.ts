import { execFileSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { mailSamples, maskKey } from './mail-samples.ts'

const facts = {
  origin: 'http://localhost:8600',
  smtp: { host: '127.0.0.1', port: 8587 },
  key: 'bhk_0123456789ab_secret',
  from: 'hello@example.test',
  to: 'ann@example.com',
  isDevelopment: true,
}
const codeOf = (name: string): string => mailSamples(facts).find((one) => one.name === name)?.code ?? ''

describe('samples of a first mail', () => {
  it('are whole, and show no key where others look', () => {
    for (const { name, code, shown } of mailSamples(facts)) {
      expect(code, name).toContain(name === 'smtp' ? '127.0.0.1:8587' : facts.origin)
      expect(code, name).toContain(facts.key)
      expect(code, name).toContain(facts.from)
      expect(shown, name).not.toContain('secret')
    }
    expect(maskKey('bhk_…')).toBe('bhk_…')
  })

  it('are commands that a shell understands, and a module that Node runs', () => {
    for (const name of ['curl', 'smtp']) execFileSync('sh', ['-n', '-c', codeOf(name)])
    execFileSync(process.execPath, ['--input-type=module', '--check'], { input: codeOf('node') })
  })

  it('trust no self-signed certificate outside of development', () => {
    const smtp = mailSamples({ ...facts, isDevelopment: false }).find(({ name }) => name === 'smtp')
    expect(smtp?.code).not.toContain('--insecure')
    expect(codeOf('smtp')).toContain('--insecure')
  })
})
