import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Provider } from 'oidc-provider'

/**
 * An identity provider of its own process, by oidc-provider: what a workspace would connect. It signs in whoever was named last at
 * POST /control, without asking, as a provider does that has a session. Started with fork(); tells its port, and ends with its parent.
 */
interface Account {
  readonly sub: string
  readonly told: string
  readonly claims: Readonly<Record<string, unknown>>
}

let account: Account = { sub: 'nobody', told: 'id_token', claims: {} }
const redirectUri = process.argv[2] ?? ''

const server = createServer((request, response) => {
  void (async () => {
    if (request.url === '/control' && request.method === 'POST') {
      const chunks: Buffer[] = []
      for await (const chunk of request) chunks.push(chunk as Buffer)
      account = JSON.parse(Buffer.concat(chunks).toString()) as Account
      response.writeHead(204).end()
      return
    }
    if (request.url?.startsWith('/interaction/') === true) {
      const details = await provider.interactionDetails(request, response)
      const accountId = account.sub
      const grant = new provider.Grant({ accountId, clientId: String(details.params['client_id']) })
      grant.addOIDCScope('openid email profile')
      const grantId = await grant.save()
      await provider.interactionFinished(
        request,
        response,
        { login: { accountId, remember: false }, consent: { grantId } },
        { mergeWithLastSubmission: false },
      )
      return
    }
    await provider.callback()(request, response)
  })().catch((error: unknown) => {
    response.writeHead(500).end(String(error))
  })
})
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
const { port } = server.address() as AddressInfo
const issuer = `http://127.0.0.1:${port}`

const provider = new Provider(issuer, {
  clients: ['one', 'two'].map((name) => ({
    client_id: name,
    client_secret: `secret of ${name}`,
    redirect_uris: [redirectUri],
    response_types: ['code'],
    grant_types: ['authorization_code'],
  })),
  claims: { openid: ['sub'], email: ['email', 'email_verified', 'xms_edov'], profile: ['name'] },
  conformIdTokenClaims: false,
  pkce: { required: () => true },
  features: { devInteractions: { enabled: false } },
  interactions: { url: (_context, interaction) => `/interaction/${interaction.uid}` },
  // The subject is the account's id; what it claims besides is what was named last.
  findAccount: (_context, id) => {
    const { told, claims } = account
    return {
      accountId: id,
      claims: (use) => ({ sub: id, name: 'Somebody', ...(use === told ? claims : {}) }),
    }
  },
})
process.on('disconnect', () => process.exit(0))
process.send?.({ issuer })
