import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { queries } from '../../api/queries.ts'
import { useSession } from '../../session/session.ts'
import { CodeBlock } from '../../ui/code-block.tsx'
import { Tabs } from '../../ui/tabs.tsx'
import { LANGUAGES, maskKey, snippet, type Language } from './snippets.ts'

const WORDS: Readonly<Record<Language, string>> = { curl: 'curl', node: 'Node', smtp: 'SMTP' }
/** What development starts with. */
const FIRST_DOMAIN = 'example.test'

/** A person has no key to show: one is made for each program. */
const NO_KEY = 'bhk_…'

/** A mail to paste, ready with the reader's own key and domain. */
export function FirstMail() {
  const { api, token } = useSession()
  const [language, setLanguage] = useState<Language>('curl')
  const domains = useQuery(queries.domains(api))
  const domain = domains.data?.data.find((one) => one.state === 'verified')?.name
  const facts = {
    origin: location.origin,
    hostname: location.hostname,
    from: `hello@${domain ?? FIRST_DOMAIN}`,
  }
  return (
    <div className="rounded-lg border border-line bg-surface">
      <div className="border-b border-line px-2">
        <Tabs
          label="Language"
          idPrefix="snippet"
          tabs={LANGUAGES.map((name) => ({ name, label: WORDS[name] }))}
          chosen={language}
          onChoose={setLanguage}
        />
      </div>
      <div
        role="tabpanel"
        id="snippet-panel"
        aria-labelledby={`snippet-tab-${language}`}
        className="p-3 sm:p-4"
      >
        <CodeBlock
          label={`Send a mail with ${WORDS[language]}`}
          shown={snippet(language, { ...facts, key: token === null ? NO_KEY : maskKey(token) })}
          copied={snippet(language, { ...facts, key: token ?? NO_KEY })}
        />
        <p className="mt-2 text-xs text-muted">
          {token === null
            ? 'Make an API key first: bulkhead keys create. '
            : 'Copying fills in your whole key. '}
          {language === 'smtp' &&
            'The port is the default of BULKHEAD_SUBMISSION; the certificate is self-signed in development, hence --insecure. '}
          {domains.isSuccess &&
            domain === undefined &&
            'No domain of this workspace is verified yet: a mail from another domain is refused.'}
        </p>
      </div>
    </div>
  )
}
