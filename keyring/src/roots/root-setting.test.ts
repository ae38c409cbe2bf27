import { describe, expect, it } from 'vitest'
import { parsePreviousRoots, parseRootSetting } from './root-setting.ts'

const NAME = 'BULKHEAD_KEYRING_ROOT'
const ARN = 'arn:aws:kms:eu-central-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab'
const VAULT = 'vault:https://vault.example:8200/transit/keys/bulkhead;token-file=/run/token'

describe('the setting of a root', () => {
  it.each([
    ['/data/root.key', { kind: 'file', path: '/data/root.key' }],
    ['file:/data/root.key', { kind: 'file', path: '/data/root.key' }],
    [
      'pkcs11:module=/usr/lib/x.so;token=mail;label=root key;pin-file=/run/pin',
      { kind: 'pkcs11', module: '/usr/lib/x.so', token: 'mail', label: 'root key', pinFile: '/run/pin' },
    ],
    [
      `${VAULT};namespace=a/b;ca-file=/ca.pem`,
      {
        kind: 'vault',
        origin: 'https://vault.example:8200',
        mount: 'transit',
        key: 'bulkhead',
        tokenFile: '/run/token',
        namespace: 'a/b',
        caFile: '/ca.pem',
      },
    ],
    [
      `aws-kms:${ARN}`,
      { kind: 'aws-kms', arn: ARN, region: 'eu-central-1', endpoint: null, profile: 'default' },
    ],
    [
      `aws-kms:${ARN};endpoint=http://127.0.0.1:4566;profile=mail`,
      {
        kind: 'aws-kms',
        arn: ARN,
        region: 'eu-central-1',
        endpoint: 'http://127.0.0.1:4566',
        profile: 'mail',
      },
    ],
  ])('is read: %s', (text, setting) => {
    expect(parseRootSetting(NAME, text)).toEqual(setting)
  })

  it.each([
    ['root.key', /"root.key" is not a root: write file:/],
    ['file:root.key', /must be absolute/],
    ['gcp:projects/x', /is not a root/],
    ['pkcs11:module=/x.so;token=a', /needs label=/],
    ['pkcs11:module=x.so;token=a;label=b', /module must be absolute/],
    [
      'pkcs11:module=/x.so;token=a;label=b;pin=1234',
      /"pin=1234" is not an option; there are module, token, label, pin-file/,
    ],
    ['pkcs11:module=/x.so;module=/y.so;token=a;label=b', /given twice/],
    [`pkcs11:module=/x.so;token=${'x'.repeat(33)};label=b`, /32 bytes/],
    ['vault:https://vault.example/transit/keys/a', /needs token-file=/],
    ['vault:http://vault.example:8200/transit/keys/a;token-file=/t', /https; http is for loopback only/],
    ['vault:http://127.0.0.1.evil.example/transit/keys/a;token-file=/t', /loopback only/],
    ['vault:https://u:p@vault.example/transit/keys/a;token-file=/t', /no user/],
    ['vault:https://vault.example/transit;token-file=/t', /must be \/<mount>\/keys\/<name>/],
    ['aws-kms:arn:aws:kms:eu-central-1:123456789012:alias/mail', /an alias could be turned to another key/],
    [`aws-kms:${ARN};endpoint=http://kms.example`, /must use https/],
    [`aws-kms:${ARN};endpoint=https://kms.example/path`, /must be an origin/],
    ['x'.repeat(5000), /write file:/],
  ])('is refused: %s', (text, message) => {
    expect(() => parseRootSetting(NAME, text)).toThrow(message)
    expect(() => parseRootSetting(NAME, text)).toThrow(/^BULKHEAD_KEYRING_ROOT: /)
  })

  it('may name several previous roots', () => {
    expect(parsePreviousRoots(NAME, '')).toEqual([])
    expect(parsePreviousRoots(NAME, `/a.key | ${VAULT}`).map((root) => root.kind)).toEqual(['file', 'vault'])
  })
})
