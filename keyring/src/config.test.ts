import { describe, expect, it } from 'vitest'
import { ACCESS, OPERATIONS, PROCESS_KINDS } from './access.ts'
import type { Operation } from './access.ts'
import { readConfig } from './config.ts'

const env = {
  BULKHEAD_KEYRING_SOCKET: '/run/keyring.sock',
  BULKHEAD_KEYRING_ROOT: '/secrets/root.key',
  BULKHEAD_KEYRING_CLIENTS: '{"0123456789abcdef":"api"}',
  BULKHEAD_INTERNAL_DATABASE_URL: 'postgres://x',
}

describe('the keyring’s configuration', () => {
  it('is read from the environment', () => {
    expect(readConfig(env).clients).toEqual(new Map([['0123456789abcdef', 'api']]))
    const roots = { BULKHEAD_KEYRING_ROOT: 'file:/b.key', BULKHEAD_KEYRING_PREVIOUS_ROOT: '/a.key' }
    expect(readConfig({ ...env, ...roots })).toMatchObject({
      root: { kind: 'file', path: '/b.key' },
      previousRoots: [{ kind: 'file', path: '/a.key' }],
    })
  })

  it.each([
    [{ BULKHEAD_KEYRING_SOCKET: '' }, 'BULKHEAD_KEYRING_SOCKET'],
    [{ BULKHEAD_KEYRING_ROOT: 'root.key' }, 'BULKHEAD_KEYRING_ROOT: "root.key" is not a root'],
    [{ BULKHEAD_KEYRING_PREVIOUS_ROOT: 'x:' }, 'BULKHEAD_KEYRING_PREVIOUS_ROOT: "x:" is not a root'],
    [{ BULKHEAD_KEYRING_SOCKET: `/${'x'.repeat(200)}` }, 'a socket path may have'],
    [{ BULKHEAD_KEYRING_CLIENTS: '{"0123456789abcdef":' }, 'BULKHEAD_KEYRING_CLIENTS is not JSON'],
    [{ BULKHEAD_KEYRING_BUDGETS: '{' }, 'BULKHEAD_KEYRING_BUDGETS is not JSON'],
    [{ BULKHEAD_KEYRING_BUDGETS: '{"root":{}}' }, '"root" is not a kind of process'],
    [{ BULKHEAD_KEYRING_BUDGETS: '{"api":{"keys":1}}' }, 'neither workspacesPerHour nor keysPerMinute'],
    [{ BULKHEAD_KEYRING_BUDGETS: '{"api":{"keysPerMinute":-1}}' }, 'a whole number'],
    [{ BULKHEAD_SHRED_DELAY_HOURS: '-1' }, 'BULKHEAD_SHRED_DELAY_HOURS'],
    [
      { BULKHEAD_KEYRING_ROOT: 'vault:https://v/transit/keys/k;token-file=/t' },
      'BULKHEAD_KEYRING_SPOOL is not set',
    ],
    [{ BULKHEAD_KEYRING_CLIENTS: '[]' }, 'must be an object'],
    [{ BULKHEAD_KEYRING_CLIENTS: '{"short":"api"}' }, 'a token needs'],
    [{ BULKHEAD_KEYRING_CLIENTS: '{"0123456789abcdef":"root"}' }, 'not a kind of process'],
  ])('is refused when wrong: %o', (change, message) => {
    expect(() => readConfig({ ...env, ...change })).toThrow(message)
  })

  it('errors never quote a token', () => {
    const broken = { ...env, BULKHEAD_KEYRING_CLIENTS: '{"the-secret-token-1":x}' }
    expect(() => readConfig(broken)).toThrow(
      expect.not.objectContaining({ message: expect.stringContaining('secret') }),
    )
  })
})

const who = (operation: Operation) => PROCESS_KINDS.filter((kind) => ACCESS[kind][operation] === 'allowed')

describe('the access matrix', () => {
  it('gives staff and audit nothing that opens, signing to the sender alone, and old content to nobody who only accepts', () => {
    expect(Object.fromEntries(OPERATIONS.map((operation) => [operation, who(operation)]))).toEqual({
      health: PROCESS_KINDS,
      status: ['api'],
      blind: ['api', 'smtp', 'sender', 'worker'],
      blindAddresses: ['api', 'smtp', 'sender', 'worker'],
      pepper: ['api', 'smtp', 'staff'],
      referenceKey: ['api', 'smtp', 'sender', 'worker'],
      contentKey: ['api', 'smtp'],
      openContentKeys: ['api', 'sender', 'worker'],
      destroyContentKeys: ['sender', 'worker'],
      createDkimKey: ['api'],
      destroyDkimKey: ['api'],
      publicKeys: ['api'],
      sign: ['sender'],
      sealSecret: ['api'],
      openSecret: ['worker'],
      resealSecret: ['api'],
      verifyTotp: ['api'],
      auditKey: ['api', 'audit'],
      signCheckpoint: ['audit'],
      attestUnwraps: ['audit'],
      rotate: ['api'],
      rotation: ['api'],
      requestShred: ['api'],
      cancelShred: ['api'],
      shreds: ['api'],
    })
  })
})
