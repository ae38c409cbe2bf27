import { existsSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { z } from 'zod'
import { pathDigest } from '../../src/platform/postgres/index.ts'
import type { Role } from '../../src/security/access/index.ts'
import { makeDirectory } from './cluster.ts'
import { launchChromium, newProfile, plugInAuthenticator, watchPage } from './console-browser.ts'
import type { OpenOptions } from './console-browser.ts'
import { buildConsole } from './console-build.ts'
import { acceptInvitation, call, signUpPerson } from './console-people.ts'
import type { Call, ConsolePerson } from './console-people.ts'
import { copyProduct } from './product-copy.ts'
import { freeAddresses, startSupervisor } from './supervisor.ts'
import type { RunningSupervisor } from './supervisor.ts'

export { expectAccessible } from './accessible.ts'
export { DESK, HAS_BROWSER, PHONE } from './console-browser.ts'
export type { Call } from './console-people.ts'

/** Somebody who uses the console, and may use the API as well. */
export interface Who {
  /** A page of the console in a browser profile of its own, signed in. `path` may have a query: `/messages?state=failed`. */
  readonly open: (path?: string, options?: OpenOptions) => Promise<Page>
  /** The API as this one: `api('/v1/domains', { body: { name: 'example.com' } })`. Without a method: GET, or POST where there is a body. */
  readonly api: Call
}

export interface Person extends Who {
  readonly email: string
}

const Setup = z.object({
  apiUrl: z.string(),
  consoleUrl: z.string(),
  workspaceId: z.string(),
  apiKey: z.string(),
  from: z.string(),
  smtp: z.object({ host: z.string(), port: z.number(), username: z.string(), password: z.string() }),
  /** As it was when the run began. */
  firstRun: z.looseObject({ url: z.string() }).nullable(),
})

export interface ConsoleRun extends AsyncDisposable {
  /** Where the console is: scheme, host and port. */
  readonly origin: string
  /** development.json. */
  readonly setup: z.output<typeof Setup>
  /** Of the installation; below it lies BULKHEAD_DATA, as `data`. */
  readonly directory: string
  readonly supervisor: RunningSupervisor
  readonly browser: Browser
  /** The key of development: everything in its workspace. */
  readonly asKey: Who
  /** Who signs in with the key of `operator.json`. */
  asOperator(): Who
  /** The owner of the workspace of development: signed up with a passkey, whose device is plugged in wherever the owner opens a page. Always the same one. */
  asOwner(): Promise<Person>
  /** A person with this role in that workspace; always the same one for the same role. */
  asRole(role: Role): Promise<Person>
  /** Somebody with an account who is a member of nothing. */
  asStranger(name?: string): Promise<Person>
  /** A page of somebody who is not signed in; `path` may hold a fragment. */
  openSignedOut(path?: string, options?: OpenOptions & { readonly authenticator?: boolean }): Promise<Page>
  /** Shorthand for `asKey.open`. */
  readonly open: (path?: string, options?: OpenOptions) => Promise<Page>
  /** Shorthand for `asKey.api`. */
  readonly api: Call
  /** Closes every page that was opened: for `afterEach`. */
  closePages(): Promise<void>
  /** Exceptions, console errors and violations of the page's policy so far. The end of the run fails when there are any; `splice` takes out expected ones. */
  readonly problems: string[]
}

/**
 * The real installation in a directory of its own, as `npm start` runs it, with the console as its sources are now, and a Chromium that opens it.
 * Where others edit at the same time: `BULKHEAD_TEST_OWN`, see product-copy.ts.
 *
 * @example
 * describe.runIf(HAS_BROWSER)('domains in a browser', () => {
 *   let run: ConsoleRun
 *   beforeAll(async () => { run = await startConsole() })
 *   afterAll(() => run[Symbol.asyncDispose]())
 *   afterEach(() => run.closePages())
 *
 *   it('shows what is missing', async () => {
 *     const page = await run.open('/domains', { theme: 'dark', viewport: PHONE })
 *     await page.getByRole('heading', { name: 'Domains' }).waitFor()
 *     await expectAccessible(page)
 *     const analyst = await run.asRole('analyst')
 *     await analyst.open('/domains')
 *   })
 * })
 */
export async function startConsole(
  options: {
    /** Settings of the installation besides its addresses. */
    readonly env?: Readonly<Record<string, string>>
  } = {},
): Promise<ConsoleRun> {
  const directory = makeDirectory('console')
  const problems: string[] = []
  const root = copyProduct()
  symlinkSync(buildConsole(root), join(root, 'console/dist'))
  const data = join(directory, 'data')
  const supervisor = startSupervisor(
    { ...(await freeAddresses()), ...options.env, BULKHEAD_DATA: data },
    root,
  )
  let browser: Browser | null = null
  async function end(): Promise<void> {
    await browser?.close()
    supervisor.child.kill('SIGTERM')
    await supervisor.exited
    rmSync(root, { recursive: true, force: true })
    rmSync(directory, { recursive: true, force: true })
    rmSync(join(tmpdir(), `bulkhead-${pathDigest(data)}`), { recursive: true, force: true })
    rmSync(join('/var/lib/bulkhead', pathDigest(data)), { recursive: true, force: true })
  }
  try {
    const begun = (): Promise<string> => supervisor.saw(/Bulkhead is running|✗/)
    // On a busy machine a start takes longer than once.
    await begun().catch(begun)
    // On a busy machine the start goes on before the api is ready.
    const deadlineMs = performance.now() + 90_000
    while (!existsSync(join(data, 'development.json')) && performance.now() < deadlineMs) await wait(500)
    if (!existsSync(join(data, 'development.json')))
      throw new Error(`The installation did not start:\n${supervisor.output()}`)
    browser = await launchChromium()
    return useConsole({ directory, data, supervisor, browser, problems, end })
  } catch (error) {
    await end()
    throw error
  }
}

function useConsole(run: {
  readonly directory: string
  readonly data: string
  readonly supervisor: RunningSupervisor
  readonly browser: Browser
  readonly problems: string[]
  readonly end: () => Promise<void>
}): ConsoleRun {
  const { browser, problems } = run
  const setup = Setup.parse(JSON.parse(readFileSync(join(run.data, 'development.json'), 'utf8')))
  const { origin } = new URL(setup.consoleUrl)
  const profiles: BrowserContext[] = []
  const people = new Map<string, Promise<Person>>()

  async function newPage(options: OpenOptions): Promise<Page> {
    const profile = await newProfile(browser, options)
    profiles.push(profile)
    const page = await profile.newPage()
    watchPage(page, problems)
    return page
  }

  function byKey(key: string): Who {
    return {
      api: async (path, options = {}) =>
        (
          await call(`${origin}${path}`, {
            ...options,
            headers: { authorization: `Bearer ${key}`, ...options.headers },
          })
        ).body,
      async open(path = '/', options = {}) {
        const page = await newPage(options)
        // As the address that `npm start` prints; then the page itself, because a fragment names no query.
        await page.goto(`${origin}/#token=${key}`)
        await page.waitForFunction(`sessionStorage.length > 0`)
        await page.goto(`${origin}${path}`)
        return page
      },
    }
  }

  function byPerson(person: ConsolePerson): Person {
    return {
      email: person.email,
      api: person.call,
      async open(path = '/', options = {}) {
        const page = await newPage(options)
        await page.context().addCookies([
          {
            ...person.cookie(),
            domain: new URL(origin).hostname,
            path: '/',
            secure: true,
            httpOnly: true,
            sameSite: 'Strict',
          },
        ])
        await plugInAuthenticator(page, person.passkeys())
        await page.goto(`${origin}${path}`)
        return page
      },
    }
  }

  const asKey = byKey(setup.apiKey)
  const deps = { origin, asKey: asKey.api }

  function kept(name: string, make: () => Promise<Person>): Promise<Person> {
    const known = people.get(name)
    if (known !== undefined) return known
    const made = make()
    people.set(name, made)
    return made
  }

  const asOwner = (): Promise<Person> =>
    kept('owner', async () => {
      const person = await signUpPerson(deps, 'Olivia')
      await asKey.api('/v1/invitations/first-owner', { body: { email: person.email } })
      await acceptInvitation(asKey.api, person)
      return byPerson(withWorkspace(person, setup.workspaceId))
    })

  return {
    origin,
    setup,
    directory: run.directory,
    supervisor: run.supervisor,
    browser,
    problems,
    asKey,
    open: asKey.open,
    api: asKey.api,
    asOwner,
    asOperator() {
      const { operatorKey } = z
        .object({ operatorKey: z.string() })
        .parse(JSON.parse(readFileSync(join(run.data, 'operator.json'), 'utf8')))
      return byKey(operatorKey)
    },
    asRole: (role) =>
      role === 'owner'
        ? asOwner()
        : kept(role, async () => {
            const owner = await asOwner()
            const person = await signUpPerson(deps, role[0]?.toUpperCase() + role.slice(1))
            await owner.api('/v1/invitations', { body: { email: person.email, role } })
            await acceptInvitation(asKey.api, person)
            return byPerson(withWorkspace(person, setup.workspaceId))
          }),
    asStranger: async (name = 'Sam') => byPerson(await signUpPerson(deps, name)),
    async openSignedOut(path = '/', options = {}) {
      const page = await newPage(options)
      if (options.authenticator === true) await plugInAuthenticator(page)
      await page.goto(`${origin}${path}`)
      return page
    },
    async closePages() {
      await Promise.all(profiles.splice(0).map((profile) => profile.close()))
    },
    async [Symbol.asyncDispose]() {
      await run.end()
      if (problems.length > 0)
        throw new Error(`The pages had ${problems.length} problems:\n${problems.join('\n')}`)
    },
  }
}

/** The person's calls are about this workspace. */
function withWorkspace(person: ConsolePerson, workspace: string): ConsolePerson {
  return {
    ...person,
    call: (path, options = {}) =>
      person.call(path, { ...options, headers: { 'bulkhead-workspace': workspace, ...options.headers } }),
  }
}
