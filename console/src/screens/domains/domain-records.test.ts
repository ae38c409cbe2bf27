import { describe, expect, it } from 'vitest'
import type { DnsRecord } from './domain-records.ts'
import { adviceBeside, nameIn, zoneFile, zonesOf } from './domain-records.ts'

const record: DnsRecord = {
  purpose: 'dkim',
  type: 'TXT',
  name: '',
  value: '',
  delegated: null,
  required: true,
  state: 'ok',
  found: [],
  advice: null,
  checkedAt: null,
  dkim: null,
}

describe('names for a DNS host', () => {
  it('are offered for every zone that may hold the domain', () => {
    expect(zonesOf('mail.shop.example.com')).toEqual([
      'mail.shop.example.com',
      'shop.example.com',
      'example.com',
    ])
    expect(zonesOf('example.com')).toEqual(['example.com'])
  })

  it('are written without the zone that the host appends, and whole where none does', () => {
    expect(nameIn('bh1-x._domainkey.mail.example.com', 'example.com')).toBe('bh1-x._domainkey.mail')
    expect(nameIn('bh1-x._domainkey.mail.example.com', 'mail.example.com')).toBe('bh1-x._domainkey')
    expect(nameIn('bh1-x._domainkey.mail.example.com', undefined)).toBe('bh1-x._domainkey.mail.example.com')
    expect(nameIn('example.com', 'example.com')).toBe('@')
    expect(nameIn('notexample.com', 'example.com')).toBe('notexample.com')
  })

  it('stand whole and with a final dot in a zone file, long texts in strings of at most 255', () => {
    const text = zoneFile('example.com', [
      { ...record, type: 'TXT', name: 'a.example.com', value: 'x'.repeat(300) },
      { ...record, type: 'CNAME', name: 'b.example.com', value: 'c.example.net' },
      { ...record, type: 'TXT', name: 'd.example.com', value: String.raw`say "hi" \ bye` },
    ])
    expect(text).toContain(`a.example.com. 300 IN TXT "${'x'.repeat(255)}" "${'x'.repeat(45)}"\n`)
    expect(text).toContain('b.example.com. 300 IN CNAME c.example.net.\n')
    expect(text).toContain(String.raw`d.example.com. 300 IN TXT "say \"hi\" \\ bye"`)
  })
})

const shown = (advice: string | null) =>
  adviceBeside({ ...record, name: 'a.example.com', value: 'v=x; p=1', advice })

describe('the advice of a record', () => {
  it('does not say name and value again where they stand beside it', () => {
    expect(shown('Publish TXT a.example.com → v=x; p=1.')).toBeNull()
    expect(shown('The key is another one. Replace it: TXT a.example.com → v=x; p=1.')).toBe(
      'The key is another one. Replace it.',
    )
    expect(shown('Begin with TXT a.example.com → v=x; p=1, then raise it.')).toBe(
      'Begin with the value beside this, then raise it.',
    )
    expect(shown('Could not check a.example.com (ESERVFAIL).')).toBe(
      'Could not check a.example.com (ESERVFAIL).',
    )
    expect(shown(null)).toBeNull()
  })
})
