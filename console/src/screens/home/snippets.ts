export const LANGUAGES = ['curl', 'node', 'smtp'] as const
export type Language = (typeof LANGUAGES)[number]

export interface SnippetFacts {
  /** `http://127.0.0.1:8600` */
  readonly origin: string
  readonly hostname: string
  readonly key: string
  /** An address of a verified domain. */
  readonly from: string
}

/** The documented default of BULKHEAD_SUBMISSION. */
const SUBMISSION_PORT = 8587

/** A first mail to paste, in the words of the reader. */
export function snippet(language: Language, facts: SnippetFacts): string {
  const mail = { from: facts.from, to: ['ann@example.com'], subject: 'Hello', text: 'My first mail.' }
  switch (language) {
    case 'curl':
      return [
        `curl ${facts.origin}/v1/messages \\`,
        `  -H 'Authorization: Bearer ${facts.key}' \\`,
        `  -H 'Content-Type: application/json' \\`,
        `  -d '${JSON.stringify(mail)}'`,
      ].join('\n')
    case 'node':
      return [
        `const answer = await fetch('${facts.origin}/v1/messages', {`,
        `  method: 'POST',`,
        `  headers: {`,
        `    authorization: 'Bearer ${facts.key}',`,
        `    'content-type': 'application/json',`,
        `  },`,
        `  body: JSON.stringify({`,
        `    from: '${mail.from}',`,
        `    to: ['ann@example.com'],`,
        `    subject: 'Hello',`,
        `    text: 'My first mail.',`,
        `  }),`,
        `})`,
        `console.log(answer.status, await answer.json())`,
      ].join('\n')
    case 'smtp':
      return [
        `printf 'From: ${mail.from}\\r\\nTo: ann@example.com\\r\\nSubject: Hello\\r\\n\\r\\nMy first mail.\\r\\n' |`,
        `  curl smtp://${facts.hostname}:${SUBMISSION_PORT} --ssl-reqd --insecure \\`,
        `    --user 'apikey:${facts.key}' \\`,
        `    --mail-from '${mail.from}' --mail-rcpt ann@example.com --upload-file -`,
      ].join('\n')
  }
}

/** A key as it may stand on a screen that others see. */
export function maskKey(key: string): string {
  return `${key.slice(0, 8)}…`
}
