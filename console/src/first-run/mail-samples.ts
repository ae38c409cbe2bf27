import type { Sample } from '../ui/samples.tsx'

export interface SampleFacts {
  /** `http://localhost:8600` */
  readonly origin: string
  readonly smtp: { readonly host: string; readonly port: number }
  /** An address that may send. */
  readonly from: string
  readonly to: string
  /** The key itself. */
  readonly key: string
  /** The certificate is self-signed. */
  readonly isDevelopment: boolean
}

/** A first mail to paste, in the words of the reader. What is shown hides the key, what is copied has it. */
export function mailSamples(facts: SampleFacts): Sample[] {
  return WRITERS.map(({ name, label, write }) => ({
    name,
    label,
    code: write(facts),
    shown: write({ ...facts, key: maskKey(facts.key) }),
  }))
}

/** A key as it may stand on a screen that others see. */
export function maskKey(key: string): string {
  return key.length <= 8 ? key : `${key.slice(0, 8)}…`
}

const SUBJECT = 'Hello'
const TEXT = 'My first mail.'

const WRITERS: readonly {
  readonly name: string
  readonly label: string
  readonly write: (facts: SampleFacts) => string
}[] = [
  { name: 'curl', label: 'curl', write: curl },
  { name: 'node', label: 'Node', write: node },
  { name: 'python', label: 'Python', write: python },
  { name: 'php', label: 'PHP', write: php },
  { name: 'go', label: 'Go', write: go },
  { name: 'smtp', label: 'SMTP', write: smtp },
]

function mailOf({ from, to }: SampleFacts): string {
  return JSON.stringify({ from, to: [to], subject: SUBJECT, text: TEXT })
}

function curl(facts: SampleFacts): string {
  return [
    `curl ${facts.origin}/v1/messages \\`,
    `  -H 'Authorization: Bearer ${facts.key}' \\`,
    `  -H 'Content-Type: application/json' \\`,
    `  -d '${mailOf(facts)}'`,
  ].join('\n')
}

function node(facts: SampleFacts): string {
  return [
    `const answer = await fetch('${facts.origin}/v1/messages', {`,
    `  method: 'POST',`,
    `  headers: { authorization: 'Bearer ${facts.key}', 'content-type': 'application/json' },`,
    `  body: JSON.stringify({`,
    `    from: '${facts.from}',`,
    `    to: ['${facts.to}'],`,
    `    subject: '${SUBJECT}',`,
    `    text: '${TEXT}',`,
    `  }),`,
    `})`,
    `console.log(answer.status, await answer.json())`,
  ].join('\n')
}

function python(facts: SampleFacts): string {
  return [
    `import json, urllib.request`,
    ``,
    `mail = {"from": "${facts.from}", "to": ["${facts.to}"], "subject": "${SUBJECT}", "text": "${TEXT}"}`,
    `request = urllib.request.Request(`,
    `    "${facts.origin}/v1/messages",`,
    `    data=json.dumps(mail).encode(),`,
    `    headers={"Authorization": "Bearer ${facts.key}", "Content-Type": "application/json"},`,
    `)`,
    `print(json.load(urllib.request.urlopen(request)))`,
  ].join('\n')
}

function php(facts: SampleFacts): string {
  return [
    `<?php`,
    `$mail = ['from' => '${facts.from}', 'to' => ['${facts.to}'], 'subject' => '${SUBJECT}', 'text' => '${TEXT}'];`,
    `echo file_get_contents('${facts.origin}/v1/messages', false, stream_context_create(['http' => [`,
    `    'method' => 'POST',`,
    `    'header' => "Authorization: Bearer ${facts.key}\\r\\nContent-Type: application/json",`,
    `    'content' => json_encode($mail),`,
    `]]));`,
  ].join('\n')
}

function go(facts: SampleFacts): string {
  return [
    `package main`,
    ``,
    `import (`,
    `	"fmt"`,
    `	"net/http"`,
    `	"strings"`,
    `)`,
    ``,
    `func main() {`,
    `	mail := \`${mailOf(facts)}\``,
    `	request, _ := http.NewRequest("POST", "${facts.origin}/v1/messages", strings.NewReader(mail))`,
    `	request.Header.Set("Authorization", "Bearer ${facts.key}")`,
    `	request.Header.Set("Content-Type", "application/json")`,
    `	answer, err := http.DefaultClient.Do(request)`,
    `	fmt.Println(answer, err)`,
    `}`,
  ].join('\n')
}

function smtp(facts: SampleFacts): string {
  return [
    `printf 'From: ${facts.from}\\r\\nTo: ${facts.to}\\r\\nSubject: ${SUBJECT}\\r\\n\\r\\n${TEXT}\\r\\n' |`,
    `  curl smtp://${facts.smtp.host}:${facts.smtp.port} --ssl-reqd ${facts.isDevelopment ? '--insecure ' : ''}\\`,
    `    --user 'apikey:${facts.key}' \\`,
    `    --mail-from '${facts.from}' --mail-rcpt ${facts.to} --upload-file -`,
  ].join('\n')
}
