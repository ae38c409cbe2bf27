import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createEgress } from '../egress/index.ts'
import { createOidc, OidcError } from './index.ts'

let asked = 0
let answer: Record<string, unknown> = {}
const server = createServer((_request, response) => {
  asked += 1
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer))
})
let issuer = ''
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a listening TCP server has such an address
  issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => new Promise((resolve) => server.close(resolve)))

const missing = () => Promise.resolve({ kind: 'missing' } as const)
const privateName = () => Promise.resolve({ kind: 'found', records: ['127.0.0.1'] } as const)

function provider(options: { readonly allowLoopback: boolean; readonly allowPrivateTargets: boolean }) {
  const egress = createEgress({
    resolver: { a: privateName, aaaa: missing },
    allowPrivateTargets: options.allowPrivateTargets,
  })
  const oidc = createOidc({ egress, allowLoopback: options.allowLoopback })
  return (url: string): Promise<string> =>
    oidc.probe({ issuer: url, clientId: 'one', clientSecret: 'secret' }).then(
      () => 'reached',
      (error: unknown) => (error instanceof OidcError ? error.message : `other: ${String(error)}`),
    )
}

const metadata = (name: string) => ({ issuer: name, authorization_endpoint: 'https://idp.example/auth' })

describe('a provider', () => {
  it('in a private network, or without TLS, is not even asked in production', async () => {
    const probe = provider({ allowLoopback: false, allowPrivateTargets: false })
    for (const url of [
      issuer,
      'http://idp.example',
      'https://127.0.0.1',
      'https://[::1]',
      'https://10.0.0.1',
      'https://169.254.169.254',
      'https://idp.example',
      'https://user:password@idp.example',
      'ftp://idp.example',
      'nonsense',
    ])
      expect(await probe(url), url).toMatch(/https only|did not answer as it must/)
    expect(asked).toBe(0)
  })

  it('is one whose metadata names its own issuer, and endpoints that may be asked', async () => {
    const probe = provider({ allowLoopback: true, allowPrivateTargets: true })
    answer = { issuer: 'https://somebody.example', authorization_endpoint: `${issuer}/auth` }
    expect(await probe(issuer)).toMatch(/did not answer as it must/)
    answer = { issuer, authorization_endpoint: 'http://elsewhere.example/auth' }
    expect(await probe(issuer)).toMatch(/https only/)
    answer = { issuer }
    expect(await probe(issuer)).toMatch(/no authorization endpoint/)
    answer = { issuer, authorization_endpoint: `${issuer}/auth` }
    expect(await probe(issuer)).toBe('reached')
  })

  it('is the one of a tenant: what all tenants of Microsoft share, where everybody can make one, is none', async () => {
    const egress = createEgress({
      resolver: { a: privateName, aaaa: missing },
      allowPrivateTargets: true,
    })
    // The names of Microsoft lead to the server here; all else is as it is.
    const rerouted = {
      ...egress,
      call: (request: Parameters<typeof egress.call>[0]) =>
        egress.call({ ...request, url: `${issuer}${new URL(request.url).pathname}` }),
    }
    const oidc = createOidc({ egress: rerouted, allowLoopback: false })
    const probe = (url: string) => oidc.probe({ issuer: url, clientId: 'one', clientSecret: 'secret' })
    answer = metadata('https://login.microsoftonline.com/{tenantid}/v2.0')
    for (const tenant of ['common', 'organizations', 'consumers'])
      await expect(probe(`https://login.microsoftonline.com/${tenant}/v2.0`)).rejects.toThrow(/own tenant/)
    answer = metadata('https://login.microsoftonline.com/0195/v2.0')
    await expect(probe('https://corp.b2clogin.com/corp/v2.0')).rejects.toThrow(/own tenant/)
    await expect(probe('https://login.microsoftonline.com/0195/v2.0')).resolves.toBeUndefined()
  })
})
