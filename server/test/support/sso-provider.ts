import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'

interface TestAccount {
  readonly sub: string
  readonly email: string
  readonly verified?: boolean
  /** Where the provider tells the address: in the token unless said otherwise, or at its UserInfo endpoint alone. */
  readonly told?: 'id_token' | 'userinfo'
  /** What Microsoft Entra says in place of email_verified. */
  readonly domainOwnerVerified?: boolean
}

export interface TestProvider extends AsyncDisposable {
  readonly issuer: string
  /** Who is signed in there from now on. */
  be(account: TestAccount): Promise<void>
  /** Follows a log-in as a browser with a cookie jar does, up to the page; answers what stands after its #. */
  follow(url: string): Promise<URLSearchParams>
}

/** An identity provider in a process of its own; see sso-provider-process.ts. */
export async function startProvider(publicUrl: string, apiUrl: string): Promise<TestProvider> {
  const child = fork(join(import.meta.dirname, 'sso-provider-process.ts'), [`${publicUrl}/v1/sso/callback`], {
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  })
  const [{ issuer }] = (await once(child, 'message')) as [{ issuer: string }]
  return {
    issuer,

    async be({ sub, email, verified = true, told = 'id_token', domainOwnerVerified }) {
      const response = await fetch(`${issuer}/control`, {
        method: 'POST',
        body: JSON.stringify({
          told,
          sub,
          claims: {
            email,
            ...(domainOwnerVerified === undefined
              ? { email_verified: verified }
              : { xms_edov: domainOwnerVerified }),
          },
        }),
      })
      if (response.status !== 204) throw new Error(`no account: ${response.status}`)
    },

    async follow(start) {
      const cookies = new Map<string, string>()
      let url = start
      for (let step = 0; step < 12; step += 1) {
        if (url.startsWith(`${publicUrl}/account/sso`)) return new URLSearchParams(new URL(url).hash.slice(1))
        // The public URL of the installation leads to the fixture's port.
        const reached = url.replace(publicUrl, apiUrl)
        const response = await fetch(reached, {
          redirect: 'manual',
          headers: url.startsWith(issuer)
            ? { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; ') }
            : {},
        })
        for (const cookie of response.headers.getSetCookie()) {
          const [pair = ''] = cookie.split(';')
          const at = pair.indexOf('=')
          cookies.set(pair.slice(0, at), pair.slice(at + 1))
        }
        const location = response.headers.get('location')
        if (location === null) throw new Error(`${url} answered ${response.status}: ${await response.text()}`)
        url = new URL(location, url).href
      }
      throw new Error('the log-in leads nowhere')
    },

    async [Symbol.asyncDispose]() {
      const ended = once(child, 'exit')
      child.kill()
      await ended
    },
  }
}
