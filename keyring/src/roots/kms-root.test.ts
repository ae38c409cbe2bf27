import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openKmsRoot } from './kms-root.ts'
import { startTestKms } from './kms-server.test-support.ts'
import type { TestKms } from './kms-server.test-support.ts'
import type { KmsSetting } from './root-setting.ts'
import { expectBoundToPlace } from './root-contract.test-support.ts'

const PLACE = ['workspace', 'w', 1]
const NO_OTHERS = { AWS_EC2_METADATA_DISABLED: 'true', AWS_SHARED_CREDENTIALS_FILE: '/nowhere' }
const ENV = { ...NO_OTHERS, AWS_ACCESS_KEY_ID: 'AKIATEST', AWS_SECRET_ACCESS_KEY: 'test-secret' }
let directory: string

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'bulkhead-kms-'))
})
afterAll(() => rm(directory, { recursive: true, force: true }))

const settingOf = (kms: TestKms, change: Partial<KmsSetting> = {}): KmsSetting => ({
  kind: 'aws-kms',
  arn: kms.arn,
  region: 'eu-central-1',
  endpoint: kms.origin,
  profile: 'default',
  ...change,
})

describe('the root in AWS KMS', () => {
  it('binds what it wraps to its place, which the context names for CloudTrail', async () => {
    await using kms = await startTestKms()
    const root = await openKmsRoot({ setting: settingOf(kms), env: ENV })
    await expectBoundToPlace(root)
    expect(root.id).toMatch(/^aws-kms:[0-9a-f]{16}$/)
    await root.wrap(['workspace', 'w', 3], Buffer.alloc(32))
    expect(kms.contexts.at(-1)).toEqual({
      bulkhead: 'root',
      'bulkhead:0': 'workspace',
      'bulkhead:1': 'w',
      'bulkhead:2': '3',
    })
  })

  it('passes over throttling and failures', async () => {
    await using kms = await startTestKms()
    const root = await openKmsRoot({ setting: settingOf(kms), env: ENV })
    for (const mood of ['throttling', 'failing', 'garbage'] as const) {
      kms.mood = mood
      kms.moodFor = 2
      expect((await root.wrap(PLACE, Buffer.alloc(32))).length).toBeGreaterThan(32)
    }
  })

  it.each([
    ['throttling', /ThrottlingException: "Rate exceeded"; next: raise the request quota/],
    ['failing', /KMSInternalException/],
    ['garbage', /answers 502 with something that is not KMS/],
    ['redirect', /redirects, which is not followed/],
    ['other-key', /used another key than arn:aws:kms/],
  ] as const)('when %s, is unavailable with the cause and the next step', async (mood, message) => {
    await using kms = await startTestKms()
    const root = await openKmsRoot({ setting: settingOf(kms), env: ENV })
    kms.mood = mood
    kms.moodFor = 99
    await expect(root.wrap(PLACE, Buffer.alloc(32))).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringMatching(message),
    })
    await expect(openKmsRoot({ setting: settingOf(kms), env: ENV })).rejects.toThrow(message)
  })

  it('names what is wrong at the start: key, state, kind, credentials', async () => {
    await using kms = await startTestKms()
    const open = (change: Partial<KmsSetting> = {}, env: Record<string, string> = ENV) =>
      openKmsRoot({ setting: settingOf(kms, change), env })
    const stranger = kms.arn.replace('1234abcd', '0000abcd')
    await expect(open({ arn: stranger })).rejects.toThrow(/NotFoundException: .* next: mend the ARN/)
    await expect(open({}, { ...ENV, AWS_ACCESS_KEY_ID: 'AKIANOBODY' })).rejects.toThrow(
      /UnrecognizedClientException; next: give other credentials/,
    )
    await expect(open({}, { ...ENV, AWS_SECRET_ACCESS_KEY: 'wrong' })).rejects.toThrow(
      /InvalidSignatureException; next: check the secret access key and this host's clock/,
    )
    await expect(open({}, NO_OTHERS)).rejects.toThrow(
      /No AWS credentials were found. the environment .*: none; profile/,
    )
    kms.key.state = 'PendingDeletion'
    await expect(open()).rejects.toThrow(/is in state "PendingDeletion": enable it, or cancel its deletion/)
    kms.key.state = 'Enabled'
    kms.key.spec = 'RSA_2048'
    await expect(open()).rejects.toThrow(/make one with key spec SYMMETRIC_DEFAULT/)
    await expect(open({ endpoint: 'http://127.0.0.1:1' })).rejects.toThrow(/cannot be used.*ECONNREFUSED/)
  })

  it('takes credentials from the shared file, by profile', async () => {
    await using kms = await startTestKms()
    const path = join(directory, 'credentials')
    await writeFile(
      path,
      '[default]\naws_access_key_id = AKIAOTHER\naws_secret_access_key = x\n\n[mail]\naws_access_key_id=AKIATEST\naws_secret_access_key=test-secret\n',
    )
    const env = { ...NO_OTHERS, AWS_SHARED_CREDENTIALS_FILE: path }
    await expectBoundToPlace(await openKmsRoot({ setting: settingOf(kms, { profile: 'mail' }), env }))
    await expect(openKmsRoot({ setting: settingOf(kms), env })).rejects.toThrow(/UnrecognizedClientException/)
  })

  it('takes credentials from instance metadata, with a session token of IMDSv2, and others once they are expired', async () => {
    await using kms = await startTestKms()
    kms.secrets.set('ASIAROLE', 'role-secret')
    const env = { AWS_SHARED_CREDENTIALS_FILE: '/nowhere', AWS_EC2_METADATA_SERVICE_ENDPOINT: kms.origin }
    const root = await openKmsRoot({ setting: settingOf(kms), env })
    await expectBoundToPlace(root)
    const asked = kms.metadata.length
    expect(kms.metadata).toEqual([
      'PUT /latest/api/token',
      'GET /latest/meta-data/iam/security-credentials/',
      'GET /latest/meta-data/iam/security-credentials/mail-role',
    ])
    kms.mood = 'expired'
    kms.moodFor = 1
    await root.wrap(PLACE, Buffer.alloc(32))
    expect(kms.metadata.length).toBe(2 * asked)
  })

  it('takes credentials from the container, over http only from loopback or the agent', async () => {
    await using kms = await startTestKms()
    kms.secrets.set('ASIAROLE', 'role-secret')
    const refused = { ...NO_OTHERS, AWS_CONTAINER_CREDENTIALS_FULL_URI: 'http://evil.example/container' }
    await expect(openKmsRoot({ setting: settingOf(kms), env: refused })).rejects.toThrow(
      /may be http only to the container agent/,
    )
    const container = { ...NO_OTHERS, AWS_CONTAINER_CREDENTIALS_FULL_URI: `${kms.origin}/container` }
    await expect(openKmsRoot({ setting: settingOf(kms), env: container })).rejects.toThrow(
      /is answered with 403/,
    )
    const tokenFile = join(directory, 'container-token')
    await writeFile(tokenFile, 'container-token\n')
    const env = { ...container, AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: tokenFile }
    await expectBoundToPlace(await openKmsRoot({ setting: settingOf(kms), env }))
  })
})
