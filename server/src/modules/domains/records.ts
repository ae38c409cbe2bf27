import { encodeId } from '../../kernel/ids.ts'
import { dkimRecord } from '../../platform/dkim/index.ts'
import type { NewSelector, RecordCheck, RecordPurpose, Selector } from './domain.ts'

export interface ExpectedRecord {
  readonly purpose: RecordPurpose
  readonly type: 'CNAME' | 'TXT'
  readonly name: string
  readonly value: string
  readonly required: boolean
  /** Of DKIM: the selector, and the public key that a lookup of the name must lead to. */
  readonly selector?: string
  readonly publicKey?: string
}

type Published = Pick<Selector, 'selector' | 'algorithm' | 'role' | 'becomes' | 'publicKey'>

/**
 * The records a domain is to publish. With a delegation zone, DKIM names point into it, so that keys are rotated without asking
 * the domain's owner again; without one, the keys stand in the domain's own zone.
 */
export function expectedRecords(
  domain: { readonly id: string; readonly name: string },
  selectors: readonly Published[],
  zone: string | null,
): ExpectedRecord[] {
  const keys = selectors.toSorted(byUse).map((selector): ExpectedRecord => {
    const name = `${selector.selector}._domainkey.${domain.name}`
    return {
      purpose: purposeOf(selector),
      ...(zone === null
        ? { type: 'TXT', name, value: keyRecord(selector) }
        : { type: 'CNAME', name, value: delegationName(domain.id, selector.selector, zone) }),
      // Receivers without RFC 8463 ignore an Ed25519 signature, so nothing depends on it.
      // A key that comes or goes never makes a domain unusable.
      required: selector.algorithm === 'rsa' && (selector.role === 'active' || selector.role === 'standby'),
      selector: selector.selector,
      publicKey: selector.publicKey,
    }
  })
  const returnPath: ExpectedRecord[] =
    zone === null
      ? []
      : [
          {
            purpose: 'return-path',
            type: 'CNAME',
            name: `rp.${domain.name}`,
            value: `rp.${zone}`,
            required: false,
          },
        ]
  const dmarc: ExpectedRecord = {
    purpose: 'dmarc',
    type: 'TXT',
    name: `_dmarc.${domain.name}`,
    value: `v=DMARC1; p=none; rua=mailto:dmarc@${domain.name}`,
    required: false,
  }
  return [...keys.sort(byPurpose), ...returnPath, dmarc]
}

/** What the last check saw of a record. */
export function checkOf(record: ExpectedRecord, checks: readonly RecordCheck[]): RecordCheck | undefined {
  return checks.find(
    (check) =>
      check.purpose === record.purpose &&
      // Checks without a selector are from before keys could be rotated: a domain had one key of each purpose, and all were wanted.
      (check.selector === undefined
        ? record.selector === undefined || /^bh[12e]-[0-9a-z]{8}$/.test(record.selector)
        : check.selector === record.selector),
  )
}

/** The TXT value of a selector (RFC 6376 §3.6.1). */
export function keyRecord(selector: Pick<Selector, 'algorithm' | 'publicKey'>): string {
  return dkimRecord({
    algorithm: selector.algorithm === 'rsa' ? 'rsa-sha256' : 'ed25519-sha256',
    publicKeyBase64: selector.publicKey,
  })
}

/** Where a selector lives in the delegation zone. */
export function delegationName(domainId: string, selector: string, zone: string): string {
  return `${selector}.${domainLabel(domainId)}.dkim.${zone}`
}

/** The domain's label in the delegation zone: the random and time bits of its id, valid in DNS. */
export function domainLabel(domainId: string): string {
  return encodeId('domain', domainId).slice(4)
}

/**
 * The selectors of a new domain. They carry the end of the workspace's id, so that two workspaces of one company can both send from
 * one domain, and of the domain's, so that a domain that is added again gets new keys.
 */
export function selectorsFor(workspaceId: string, domainId: string): readonly NewSelector[] {
  const mark = `${encodeId('workspace', workspaceId).slice(-4)}${domainLabel(domainId).slice(-4)}`
  return [
    { selector: `bh1-${mark}`, algorithm: 'rsa', role: 'active', becomes: null },
    { selector: `bh2-${mark}`, algorithm: 'rsa', role: 'standby', becomes: null },
    { selector: `bhe-${mark}`, algorithm: 'ed25519', role: 'active', becomes: null },
  ]
}

function purposeOf(selector: Published): RecordPurpose {
  if (selector.algorithm === 'ed25519') return 'dkim-ed25519'
  return selector.role === 'standby' || selector.becomes === 'standby' ? 'dkim-standby' : 'dkim'
}

const USES: readonly Selector['role'][] = ['active', 'standby', 'pending', 'retiring', 'removable']

function byUse(a: Published, b: Published): number {
  return USES.indexOf(a.role) - USES.indexOf(b.role)
}

const ORDER: readonly RecordPurpose[] = ['dkim', 'dkim-standby', 'dkim-ed25519', 'return-path', 'dmarc']

function byPurpose(a: ExpectedRecord, b: ExpectedRecord): number {
  return ORDER.indexOf(a.purpose) - ORDER.indexOf(b.purpose)
}
