import { describe, expect, it } from 'vitest'
import { loadConfig } from '../platform/config/index.ts'
import { summarize } from './supervisor-summary.ts'

const detail = {
  apiKey: 'bhk_key',
  consoleUrl: 'http://localhost:8600/#token=bhk_key',
  from: 'hello@example.test',
  smtp: { username: 'smtp_1', password: 'pass' },
}
const link = 'http://localhost:8600/account/first-run#bht_link'
const consoleRow = (text: string): string | undefined => /^ {2}Console +(\S+)$/m.exec(text)?.[1]

describe('the end of a start', () => {
  it('leads to the link of the first owner until there is one, then to the plain address', () => {
    const first = summarize(loadConfig({}), { ...detail, firstRun: { url: link } })
    expect(consoleRow(first)).toBe(link)
    expect(first).toContain('makes you the owner, once')
    expect(first).toContain(detail.consoleUrl)
    const later = summarize(loadConfig({}), { ...detail, firstRun: null })
    expect(consoleRow(later)).toBe('http://localhost:8600')
    expect(later).not.toContain('bht_')
    expect(later).not.toContain('#token')
  })

  it('holds a mail to paste, with the key, and says where it ends', () => {
    const text = summarize(loadConfig({}), { ...detail, firstRun: null })
    expect(text).toContain("-H 'Authorization: Bearer bhk_key'")
    expect(text).toContain('local inbox: http://localhost:8600/inbox')
    const direct = summarize(loadConfig({ BULKHEAD_OUTBOUND: 'direct' }), detail)
    expect(direct).toContain('follow it: http://localhost:8600/messages')
  })

  it('shows no secret in production, whatever it is handed', () => {
    const config = loadConfig({
      BULKHEAD_MODE: 'production',
      BULKHEAD_DATA: '/var/lib/bulkhead',
      BULKHEAD_OUTBOUND: 'direct',
      BULKHEAD_HOSTNAME: 'mail.example.com',
      BULKHEAD_TLS_CERT: '/etc/ssl/mail.pem',
      BULKHEAD_TLS_KEY: '/etc/ssl/mail.key',
      BULKHEAD_PUBLIC_URL: 'https://mail.example.com',
    })
    const text = summarize(config, { ...detail, firstRun: { url: link } })
    expect(text).not.toMatch(/bh[kt]_/)
    expect(consoleRow(text)).toBe('https://mail.example.com')
  })
})
