import { parseAddress } from '../../../kernel/email-address.ts'
import { typed } from './mail-checks.ts'
import { isObject } from '../json-object.ts'
import type { Problems } from './mail-checks.ts'
import type { JsonObject } from '../json-object.ts'
import type {
  Analytics,
  Bypass,
  MailSettings,
  SubscriptionTracking,
  TrackingSettings,
} from './mail-request.ts'

const BYPASSES: readonly (readonly [setting: string, bypass: Bypass, words: string])[] = [
  ['bypass_list_management', 'all', 'bypass list management'],
  ['bypass_spam_management', 'spam', 'bypass spam management'],
  ['bypass_bounce_management', 'bounce', 'bypass bounce management'],
  ['bypass_unsubscribe_management', 'unsubscribe', 'bypass unsubscribe management'],
]

/** One setting of a group, where it is turned on. What else it says is checked where it is off too. */
interface Setting {
  readonly isOn: boolean
  text(name: string, message: string): string | undefined
  readonly given: JsonObject
  readonly field: string
}

function settingsOf(problems: Problems, value: unknown, group: string) {
  const settings = typed(problems, 'object', value, group, { anchor: null }) ?? {}
  return (name: string, words: string): Setting => {
    const field = `${group}.${name}`
    const given = typed(problems, 'object', settings[name], field, { anchor: null }) ?? {}
    const isOn = typed(problems, 'boolean', given['enable'], `${field}.enable`, { message: words }) ?? false
    return {
      isOn,
      given,
      field,
      text: (key, message) => typed(problems, 'string', given[key], `${field}.${key}`, { message }),
    }
  }
}

export function readMailSettings(problems: Problems, value: unknown): MailSettings {
  const setting = settingsOf(problems, value, 'mail_settings')
  const bypass = BYPASSES.filter(
    ([name, , words]) => setting(name, `The ${words} enable param should be a boolean value.`).isOn,
  ).map(([, which]) => which)
  if (bypass.includes('all') && bypass.length > 1)
    problems.add(
      'The bypass_list_management setting cannot be combined with any of the other bypass settings.',
      'mail_settings.bypass_list_management',
    )
  const footer = setting('footer', 'The footer enable param should be a boolean value.')
  const text = footer.text('text', 'The text/plain version of your footer should be a string.') ?? ''
  const html = footer.text('html', 'The text/html version of your footer should be a string.') ?? ''
  const sandbox = setting('sandbox_mode', 'The sandbox mode enable param should be a boolean value.')
  checkSpamCheck(problems, setting('spam_check', 'The spam check enable param should be a boolean value.'))
  const bcc = readBcc(problems, setting('bcc', 'The bcc enable param should be a boolean value.'))
  return {
    isSandbox: sandbox.isOn,
    bypass,
    ...(footer.isOn ? { footer: { text, html } } : {}),
    ...(bcc === undefined ? {} : { bcc }),
  }
}

function readBcc(problems: Problems, setting: Setting): string | undefined {
  if (!setting.isOn) return undefined
  const { email } = setting.given
  const field = `${setting.field}.email`
  if (email === undefined)
    return problems.add('You must include a recipient object when using the bcc mail setting.', field)
  // Older clients send the address alone, newer ones an object.
  const address = isObject(email) ? email['email'] : email
  if (typeof address !== 'string' || !parseAddress(address).ok)
    return problems.add(
      'The bcc email recipient object must at least have an email address and may also contain a name. e.g. {"email": "example@example.com"} or {"email": "example@example.com", "name": "Example Recipient"}',
      field,
    )
  return address
}

/** Checked as the vendor checks it; mail is not judged by its content here, see docs/migrate/sendgrid.md. */
function checkSpamCheck(problems: Problems, setting: Setting): void {
  const url = setting.text('post_to_url', 'The spam check url must be a string.')
  const { threshold } = setting.given
  if (url !== undefined && url !== '' && !/^https?:\/\//.test(url))
    problems.add(
      'The `post_to_url` parameter must start with `http://` or `https://`.',
      `${setting.field}.post_to_url`,
    )
  if (threshold !== undefined && !(typeof threshold === 'number' && threshold >= 1 && threshold <= 10))
    problems.add(
      'The spam check threshold is between 1 and 10, with the lower numbers being the most strict filtering.',
      `${setting.field}.threshold`,
    )
  if (setting.isOn && threshold === undefined)
    problems.add(
      'You must include the spam check threshold when using the spam check mail setting.',
      `${setting.field}.threshold`,
    )
}

export function readTrackingSettings(problems: Problems, value: unknown): TrackingSettings {
  const setting = settingsOf(problems, value, 'tracking_settings')
  const clicks = setting('click_tracking', 'The click tracking enable param should be a boolean value.')
  typed(problems, 'boolean', clicks.given['enable_text'], `${clicks.field}.enable_text`, {
    message: 'The click tracking enable text must be a boolean value.',
  })
  const opens = setting('open_tracking', 'The open tracking enable param should be a boolean value.')
  const openTag = opens.text('substitution_tag', 'The open tracking substitution tag must be a string.')
  const subscription = readSubscription(
    setting('subscription_tracking', 'The subscription tracking enable param should be a boolean value.'),
  )
  const analytics = readAnalytics(
    setting('ganalytics', 'The Google Analytics enable param must be a boolean value.'),
  )
  return {
    ...(clicks.given['enable'] === undefined ? {} : { clicks: clicks.isOn }),
    ...(opens.given['enable'] === undefined ? {} : { opens: opens.isOn }),
    ...(opens.isOn && openTag !== undefined && openTag !== '' ? { openTag } : {}),
    ...(subscription === undefined ? {} : { subscription }),
    ...(analytics === undefined ? {} : { analytics }),
  }
}

function leavingWords(type: string): string {
  return `The subscription tracking unsubscribe content for ${type} messages must be a string.`
}

function readSubscription(setting: Setting): SubscriptionTracking | undefined {
  const text = setting.text('text', leavingWords('text/plain'))
  const html = setting.text('html', leavingWords('text/html'))
  const tag = setting.text(
    'substitution_tag',
    'The subscription tracking substitution tag must be a string value.',
  )
  if (!setting.isOn) return undefined
  return {
    ...(text === undefined ? {} : { text }),
    ...(html === undefined ? {} : { html }),
    ...(tag === undefined || tag === '' ? {} : { tag }),
  }
}

const UTM = ['utm_source', 'utm_medium', 'utm_term', 'utm_content', 'utm_campaign'] as const

function readAnalytics(setting: Setting): Analytics | undefined {
  const named = UTM.map(
    (name) => [name, setting.text(name, `The Google Analytics ${name} must be a string value.`)] as const,
  )
  if (!setting.isOn) return undefined
  return named.flatMap(([name, value]) =>
    value === undefined || value === '' ? [] : [[name, value] as const],
  )
}
