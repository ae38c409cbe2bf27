import { existsSync } from 'node:fs'
import { chromium } from 'playwright-core'
import type { Browser, BrowserContext, Page } from 'playwright-core'

export const CHROMIUM = '/usr/bin/chromium'
/** Where there is no browser, tests of the console are left out. */
export const HAS_BROWSER = existsSync(CHROMIUM)

export const DESK = { width: 1280, height: 800 } as const
export const PHONE = { width: 390, height: 844 } as const

export interface OpenOptions {
  readonly viewport?: { readonly width: number; readonly height: number }
  readonly theme?: 'light' | 'dark'
}

/** A passkey as Chromium's virtual authenticator takes it; bytes are base64. */
export interface Passkey {
  readonly credentialId: string
  readonly isResidentCredential: boolean
  readonly rpId: string
  readonly userHandle: string
  readonly privateKey: string
  readonly signCount: number
}

/** Chromium without a window; what it would fetch by itself is switched off. */
export function launchChromium(): Promise<Browser> {
  return chromium.launch({
    executablePath: CHROMIUM,
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  })
}

/** A browser profile of its own. Nothing moves, so that pictures and contrasts are those of a page at rest. */
export async function newProfile(browser: Browser, options: OpenOptions): Promise<BrowserContext> {
  const profile = await browser.newContext({
    viewport: options.viewport ?? DESK,
    colorScheme: options.theme ?? 'light',
    reducedMotion: 'reduce',
    acceptDownloads: true,
  })
  profile.setDefaultTimeout(30_000)
  await profile.grantPermissions(['clipboard-read', 'clipboard-write'])
  return profile
}

/** A device that makes and shows passkeys without asking anybody. It holds those that are given. */
export async function plugInAuthenticator(page: Page, passkeys: readonly Passkey[] = []): Promise<void> {
  const devtools = await page.context().newCDPSession(page)
  await devtools.send('WebAuthn.enable')
  const { authenticatorId } = await devtools.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  })
  for (const credential of passkeys)
    await devtools.send('WebAuthn.addCredential', { authenticatorId, credential })
}

/**
 * Collects what a page should never have: exceptions, console errors and violations of its policy. Requests that the server refuses with 4xx
 * are shown to the person by the page and are no error of it; what a captured mail asks for in its frame is refused on purpose.
 */
export function watchPage(page: Page, problems: string[]): void {
  page.on('pageerror', (error) => problems.push(`${page.url()}: ${error.stack ?? error.message}`))
  page.on('console', (message) => {
    if (message.type() !== 'error') return
    const text = message.text()
    const { url } = message.location()
    if (/^Failed to load resource: .* status of 4\d\d/.test(text)) return
    if (/^Failed to load resource: net::ERR_(ABORTED|INTERNET_DISCONNECTED|CONNECTION|INCOMPLETE)/.test(text))
      return
    if (url.includes('/inbox-frame/')) return
    problems.push(`${page.url()}: ${text} (${url})`)
  })
}
